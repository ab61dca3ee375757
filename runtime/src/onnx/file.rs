//! Networks as bundles hold them, read without loss.

use prost::Message;
use prost::bytes::Buf;

use super::nodes::PREFIX;
use super::proto::{ModelProto, ValueInfoProto};
use crate::invariant::BrokenInvariant;
use crate::signature::{INPUT, MAP, SCORE, level_name};

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
    let graph = graph.ok_or_else(FileError::no_graph)?;
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

impl FileError {
    /// A file without a graph.
    pub(crate) fn no_graph() -> Self {
        odd("it has no graph")
    }
}

fn odd(what: &str) -> FileError {
    FileError::Foreign {
        what: what.to_owned(),
    }
}

fn names(values: &[ValueInfoProto]) -> impl Iterator<Item = &str> {
    values.iter().map(|value| value.name.as_str())
}
