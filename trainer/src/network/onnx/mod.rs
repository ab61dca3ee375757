//! Writes a [`Graph`] as an ONNX model (opset 17, IR version 8: read by every ONNX
//! Runtime since 1.13).

mod error;
mod writer;

pub use cfa_runtime::training_support::signature::INPUT;
pub use error::OnnxError;
pub use writer::OUTPUT;

use prost::Message;

use super::fold::fold_batch_norm;
use super::graph::Graph;
use super::parameters::Parameters;

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
