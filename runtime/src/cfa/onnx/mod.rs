//! The head as ONNX nodes behind a network.
//!
//! What follows the network is computed on the processor ([`crate::cfa::head`]), or by the
//! same runtime as the network: then its nodes are put behind those of the network
//! ([`with_head`]).

mod descriptors;
mod head;
#[cfg(test)]
mod tests;

use prost::Message;

use super::head::Head;
use crate::invariant::BrokenInvariant;
use crate::onnx::message::batched_value;
use crate::onnx::proto::GraphProto;
use crate::onnx::{FileError, Nodes, decode_network};
use crate::signature::{MAP, NetworkOutput};

/// The map with one channel, as a network gives its outputs.
const CHANNEL_MAP: &str = "cfa_channel_map";

/// Writes the nodes from the levels of a network (`level1` and so on) to [`MAP`]: what
/// [`Head::anomaly_map`] computes, for any batch, to within the rounding of the provider's
/// products, which must leave the K nearest among the first K + 4.
///
/// No shape is computed while the graph runs, and no operator is used that only some
/// providers have. CUDA would leave nodes about shapes to the processor, and a provider here
/// takes all nodes or none.
///
/// # Errors
/// The head breaks a promise of this code, which is a bug.
pub fn write_head(nodes: &mut Nodes, head: &Head) -> Result<(), BrokenInvariant> {
    let rows = descriptors::write(nodes, head);
    head::write(nodes, head, &rows)
}

/// A network followed by the head, and its only output: the anomaly map of every picture,
/// batch × 1 × height × width.
///
/// # Errors
/// See [`decode_network`].
pub fn with_head(onnx: &[u8], head: &Head) -> Result<(Vec<u8>, NetworkOutput), FileError> {
    let mut model = decode_network(onnx, head.levels().len())?;
    let mut nodes = Nodes::default();
    let graph = model.graph.take().ok_or_else(FileError::no_graph)?;
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
