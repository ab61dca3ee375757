//! Writes a [`Graph`] as an ONNX model (opset 17, IR version 8: read by every ONNX
//! Runtime since 1.13).

mod full;
mod reduced;
mod writer;

pub use cfa_runtime::training_support::signature::INPUT;
pub use full::{FullInput, FullOnnxError, encode_full};
pub use reduced::{Affine, ChannelWeights, Observation, ReduceError, ReducibleNetwork};

use prost::Message;

use crate::network::{Graph, Parameters, fold_batch_norm};

/// Name of the output of a graph that has one: φ, batch×D×h×w, f32. Several outputs are
/// called `level1`, `level2` and so on.
pub const OUTPUT: &str = "features";

/// Why a graph cannot be written as ONNX.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OnnxError {
    /// A tensor that the graph reads is not among the parameters.
    #[error("cannot export: the tensor '{0}' is missing from the weights")]
    MissingParameter(String),
    /// A layer has no counterpart in the writer.
    #[error("cannot export: a batch normalisation ('{0}') does not follow a convolution")]
    LooseBatchNorm(String),
    /// The picture is smaller than the network can work on.
    #[error(
        "cannot export for a {height}×{width} input: a feature map would be empty; use a larger --image-size"
    )]
    InputTooSmall {
        /// Height in pixels.
        height: usize,
        /// Width in pixels.
        width: usize,
    },
}

/// Encodes `graph` (one input) for pictures of `height`×`width`
/// pixels and any batch size. Batch normalisation is folded into convolutions.
///
/// # Errors
/// See [`OnnxError`].
pub fn encode(
    graph: &Graph,
    parameters: &Parameters,
    (height, width): (usize, usize),
) -> Result<Vec<u8>, OnnxError> {
    let mut needed = graph.parameters().into_iter();
    if let Some(missing) = needed.find(|p| !parameters.contains_key(&p.name)) {
        return Err(OnnxError::MissingParameter(missing.name));
    }
    let (graph, parameters) = fold_batch_norm(graph, parameters);
    let model = writer::model(&graph, &parameters, (height, width))?;
    Ok(model.encode_to_vec())
}

#[cfg(test)]
mod tests;
