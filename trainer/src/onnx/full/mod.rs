//! One ONNX file that does everything from the picture to score and map, for servers
//! and languages that have no `cfa_runtime`.
//!
//! The network of a bundle stays as it is; nodes are put before it (resize, crop,
//! normalisation) and behind it (distances, score, upsampling, blur). Only operators
//! that every runtime has are used: resize, and upsampling with blur, are each linear
//! along rows and along columns, so they are products with small matrices.

mod descriptors;
mod head;
mod nodes;
mod preparation;
mod resampling;

use cfa_runtime::anomaly_map::BlurError;
use cfa_runtime::bundle::{Bundle, level_name};
use cfa_runtime::preprocess::Size;
use prost::Message;

use super::INPUT;
use super::message::{Dim, batched_value, float_value};
use super::proto::{GraphProto, ModelProto, StringStringEntryProto, ValueInfoProto};
use nodes::{Nodes, PREFIX};

/// Name of the score's output: batch.
pub(super) const SCORE: &str = "pred_score";
/// Name of the map's output: batch×H×W.
pub(super) const MAP: &str = "anomaly_map";

/// Size of the pictures that the file takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FullInput {
    /// Any; the resize's weights are computed in the graph.
    #[default]
    Any,
    /// One only; they are constants, and every shape but the batch is known.
    Fixed(Size),
}

/// Why a bundle cannot become one ONNX file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FullOnnxError {
    /// The network is not one that this project wrote.
    #[error(
        "the bundle's network cannot be extended: {what}; export the model again with cfa-train"
    )]
    Network {
        /// What is wrong.
        what: String,
    },
    /// A fixed input that no picture has.
    #[error("--input-size {height}x{width}: each side must be 1 to {limit} px", limit = cfa_runtime::Preprocessing::MAX_SIDE_PX)]
    InputSize {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
    },
    /// How far the longer side reaches depends on the picture.
    #[error(
        "the bundle resizes the shorter side, so the file needs pictures of one size: give --input-size"
    )]
    OpenAspect,
    /// A resize that rounds on its way is no product of matrices.
    #[error(
        "the bundle resizes with Lanczos, which a plain ONNX file cannot; give --input-size {height}x{width} \
         (or another size that is not resized) and resize pictures before they are sent"
    )]
    Filter {
        /// Rows after the resize.
        height: usize,
        /// Columns after the resize.
        width: usize,
    },
    /// The blur cannot be made into matrices.
    #[error(transparent)]
    Blur(#[from] BlurError),
}

/// Encodes a whole model: `input` (batch×3×H×W, RGB, 0…1) to `pred_score` (batch) and
/// `anomaly_map` (batch×height×width, raw values).
///
/// # Errors
/// See [`FullOnnxError`].
pub fn encode_full(bundle: &Bundle, input: FullInput) -> Result<Vec<u8>, FullOnnxError> {
    let mut model = network(bundle)?;
    let inner = model.graph.take().unwrap_or_default();
    let mut nodes = Nodes::default();
    preparation::write(&mut nodes, &bundle.manifest.preprocessing, input)?;
    nodes.append(inner);
    descriptors::write(&mut nodes, bundle);
    head::write(&mut nodes, bundle)?;
    model.graph = Some(graph(bundle, input, nodes));
    model.metadata_props = metadata(bundle);
    Ok(model.encode_to_vec())
}

/// The bundle's network with its input renamed to what the preparation gives.
fn network(bundle: &Bundle) -> Result<ModelProto, FullOnnxError> {
    let odd = |what: &str| FullOnnxError::Network {
        what: what.to_owned(),
    };
    let mut model = ModelProto::decode(bundle.network_onnx()).map_err(|e| odd(&e.to_string()))?;
    let graph = model.graph.as_mut().ok_or_else(|| odd("it has no graph"))?;
    let levels = (0..bundle.manifest.descriptor.levels.len()).map(level_name);
    let given = |values: &[ValueInfoProto]| values.iter().map(|v| v.name.clone()).collect();
    let (inputs, outputs): (Vec<_>, Vec<_>) = (given(&graph.input), given(&graph.output));
    if inputs != [INPUT] || !levels.eq(outputs) {
        return Err(odd("its input and outputs have other names"));
    }
    let values = graph.node.iter().flat_map(|node| node.output.iter());
    if values
        .clone()
        .any(|name| name.starts_with(PREFIX) || [SCORE, MAP].contains(&name.as_str()))
    {
        return Err(odd("it uses names of the parts around it"));
    }
    for name in graph.node.iter_mut().flat_map(|node| &mut node.input) {
        if name == INPUT {
            preparation::OUTPUT.clone_into(name);
        }
    }
    Ok(model)
}

fn graph(bundle: &Bundle, input: FullInput, nodes: Nodes) -> GraphProto {
    let map = &bundle.manifest.anomaly_map;
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

/// Which bundle it was, and all its settings, in the file itself.
fn metadata(bundle: &Bundle) -> Vec<StringStringEntryProto> {
    let mut settings = serde_json::to_value(&bundle.manifest).unwrap_or_default();
    if let Some(fields) = settings.as_object_mut() {
        fields.retain(|name, _| !["parts", "golden"].contains(&name.as_str()));
    }
    let entries = [
        ("cfa.bundle_sha256", bundle.digest_hex().to_owned()),
        ("cfa.created_by", bundle.manifest.created_by.clone()),
        ("cfa.settings", settings.to_string()),
    ];
    let entry = |(key, value): (&str, String)| StringStringEntryProto {
        key: key.to_owned(),
        value,
    };
    entries.into_iter().map(entry).collect()
}
