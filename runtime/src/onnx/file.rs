//! A network's file with the head in it.

use prost::Message;
use prost::bytes::Buf;

use super::message::batched_value;
use super::nodes::{Nodes, PREFIX};
use super::proto::{GraphProto, ModelProto, ValueInfoProto};
use super::{INPUT, MAP, SCORE, write_head};
use crate::bundle::level_name;
use crate::cfa::head::Head;
use crate::invariant::BrokenInvariant;
use crate::network::NetworkOutput;

/// The map with one channel, as a network gives its outputs.
const CHANNEL_MAP: &str = "cfa_channel_map";

/// Why a network cannot be written anew.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// Not an ONNX file, or a damaged one.
    #[error("the bundle's network is no ONNX file; make the bundle again with cfa-train")]
    Decode(#[from] prost::DecodeError),
    /// It is not one that this project wrote.
    #[error(
        "the bundle's network cannot be extended: {what}; make the bundle again with cfa-train"
    )]
    Foreign {
        /// What is wrong.
        what: String,
    },
    /// A bug in this code.
    #[error(transparent)]
    Internal(#[from] BrokenInvariant),
}

/// Reads a network as bundles hold it: from [`INPUT`] to so many levels.
///
/// # Errors
/// It is damaged, has other inputs or outputs, uses names of the parts that are put around
/// it, or holds fields of ONNX that cfa-train does not write and that would get lost.
pub fn decode_network(onnx: &[u8], levels: usize) -> Result<ModelProto, FileError> {
    let model = decode_all(onnx)?;
    let graph = model.graph.as_ref();
    let graph = graph.ok_or_else(|| odd("it has no graph"))?;
    if !names(&graph.input).eq([INPUT]) || !names(&graph.output).eq((0..levels).map(level_name)) {
        return Err(odd("its input and outputs have other names"));
    }
    let results = graph.node.iter().flat_map(|node| &node.output);
    let constants = graph.initializer.iter().map(|constant| &constant.name);
    let reserved =
        |name: &String| name.starts_with(PREFIX) || [SCORE, MAP].contains(&name.as_str());
    if results.chain(constants).any(reserved) {
        return Err(odd("it uses names of the parts around it"));
    }
    Ok(model)
}

/// Reads any ONNX file of which nothing gets lost. Values are not copied out of
/// [`Bytes`](prost::bytes::Bytes).
pub(super) fn decode_all(onnx: impl Buf) -> Result<ModelProto, FileError> {
    let bytes = onnx.remaining();
    let model = ModelProto::decode(onnx)?;
    // All that was read is written again in the same form, so what is missing was not read.
    if model.encoded_len() != bytes {
        return Err(odd("it holds parts that cfa-train does not write"));
    }
    Ok(model)
}

fn odd(what: &str) -> FileError {
    FileError::Foreign {
        what: what.to_owned(),
    }
}

fn names(values: &[ValueInfoProto]) -> impl Iterator<Item = &str> {
    values.iter().map(|value| value.name.as_str())
}

/// A network followed by the head, and its only output: the anomaly map of every picture,
/// batch × 1 × height × width.
///
/// # Errors
/// See [`decode_network`].
pub fn with_head(onnx: &[u8], head: &Head) -> Result<(Vec<u8>, NetworkOutput), FileError> {
    let mut model = decode_network(onnx, head.levels().len())?;
    let mut nodes = Nodes::default();
    let graph = model.graph.take().ok_or_else(|| odd("it has no graph"))?;
    let (name, input) = (graph.name.clone(), graph.input.clone());
    nodes.append(graph);
    write_head(&mut nodes, head)?;
    let size = head.smoothing().map_size();
    let shape = [1, size.height, size.width];
    let channel = nodes.ints("channel_axis", &[1]);
    nodes.name_result("Unsqueeze", &[MAP, &channel], CHANNEL_MAP, vec![]);
    model.graph = Some(GraphProto {
        name,
        input,
        output: vec![batched_value(CHANNEL_MAP, &shape)],
        node: nodes.nodes,
        initializer: nodes.constants,
    });
    let output = NetworkOutput {
        name: CHANNEL_MAP.to_owned(),
        shape,
    };
    Ok((model.encode_to_vec(), output))
}
