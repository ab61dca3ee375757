//! One ONNX file that does everything from the picture to score and map, for servers
//! and languages that have no `cfa_runtime`.
//!
//! The network of a bundle stays as it is; nodes are put before it (resize, crop,
//! normalisation) and behind it (distances, score, upsampling, blur). Only operators
//! that every runtime has are used: resize, and upsampling with blur, are each linear
//! along rows and along columns, so they are products with small matrices.

mod error;
mod input;
mod preparation;
mod resampling;

use cfa_runtime::BrokenInvariant;
use cfa_runtime::Model;
use cfa_runtime::bundle::Bundle;
use cfa_runtime::training_support::cfa::onnx::write_head;
use cfa_runtime::training_support::onnx::message::{Dim, batched_value, float_value, int, ints};
use cfa_runtime::training_support::onnx::proto::{GraphProto, ModelProto, StringStringEntryProto};
use cfa_runtime::training_support::onnx::{FileError, Nodes, decode_network};
use cfa_runtime::training_support::signature::{INPUT, MAP, SCORE};
use prost::Message;

pub use error::FullOnnxError;
pub use input::FullInput;

/// Encodes a whole model: `input` (batch×3×H×W, RGB, 0…1) to `pred_score` (batch) and
/// `anomaly_map` (batch×height×width, raw values).
///
/// # Errors
/// See [`FullOnnxError`].
pub fn encode_full(bundle: &Bundle, input: FullInput) -> Result<Vec<u8>, FullOnnxError> {
    let mut model = network(bundle)?;
    let inner = model
        .graph
        .take()
        .ok_or(BrokenInvariant("a decoded network has a graph"))?;
    let mut nodes = Nodes::default();
    preparation::write(&mut nodes, &bundle.manifest().preprocessing, input)?;
    nodes.append(inner);
    write_head(&mut nodes, Model::from_bundle(bundle.clone())?.head())?;
    let both = vec![ints("axes", &[1, 2]), int("keepdims", 0)];
    nodes.name_result("ReduceMax", &[MAP], SCORE, both);
    model.graph = Some(graph(bundle, input, nodes));
    model.metadata_props = metadata(bundle)?;
    Ok(model.encode_to_vec())
}

/// The bundle's network with its input renamed to what the preparation gives.
fn network(bundle: &Bundle) -> Result<ModelProto, FileError> {
    let levels = bundle.manifest().settings.descriptor.levels.len();
    let mut model = decode_network(bundle.network_onnx(), levels)?;
    let nodes = model.graph.iter_mut().flat_map(|graph| &mut graph.node);
    for name in nodes.flat_map(|node| &mut node.input) {
        if name == INPUT {
            preparation::OUTPUT.clone_into(name);
        }
    }
    Ok(model)
}

fn graph(bundle: &Bundle, input: FullInput, nodes: Nodes) -> GraphProto {
    let map = &bundle.manifest().settings.anomaly_map;
    let (height, width) = match input {
        FullInput::Any => (Dim::Open("height"), Dim::Open("width")),
        FullInput::Fixed(size) => (Dim::Fixed(size.height), Dim::Fixed(size.width)),
    };
    let picture = [Dim::Open("batch"), Dim::Fixed(3), height, width];
    GraphProto {
        name: "cfa_full".to_owned(),
        input: vec![float_value(INPUT, &picture)],
        output: vec![
            batched_value(SCORE, &[]),
            batched_value(MAP, &[map.height, map.width]),
        ],
        node: nodes.nodes,
        initializer: nodes.constants,
    }
}

/// The digest and all settings of the bundle, which the file carries.
fn metadata(bundle: &Bundle) -> Result<Vec<StringStringEntryProto>, FullOnnxError> {
    let mut settings = serde_json::to_value(bundle.manifest()).map_err(FullOnnxError::Settings)?;
    if let Some(fields) = settings.as_object_mut() {
        fields.retain(|name, _| !["parts", "golden"].contains(&name.as_str()));
    }
    let entries = [
        ("cfa.bundle_sha256", bundle.digest_hex().to_owned()),
        ("cfa.created_by", bundle.manifest().created_by.clone()),
        ("cfa.settings", settings.to_string()),
    ];
    let entry = |(key, value): (&str, String)| StringStringEntryProto {
        key: key.to_owned(),
        value,
    };
    Ok(entries.into_iter().map(entry).collect())
}
