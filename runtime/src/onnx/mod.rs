//! ONNX files: the messages, and the head as nodes behind a network.
//!
//! What follows the network is computed on the processor ([`crate::cfa::head`]), or by the
//! same runtime as the network: then its nodes are put behind those of the network
//! ([`with_head`]). `cfa-train` writes its files with the same parts.

mod descriptors;
mod external;
mod file;
mod head;
pub mod message;
mod nodes;
pub mod proto;
#[cfg(test)]
mod tests;

pub(crate) use external::{ExternalError, without_weights};
pub use file::{FileError, decode_network, with_head};
pub use nodes::Nodes;

use crate::cfa::head::Head;
use crate::invariant::BrokenInvariant;

/// Name of a network's input: normalised pictures, batch×3×H×W.
pub const INPUT: &str = "input";
/// Name of the anomaly maps: batch×H×W.
pub const MAP: &str = "anomaly_map";
/// Name of the image scores, where a file gives them: batch.
pub const SCORE: &str = "pred_score";

/// Writes the nodes from the levels of a network (`level1` and so on) to [`MAP`]: what
/// [`Head::anomaly_map`] computes, for any batch, to within the rounding of the provider's
/// products, which must leave the K nearest among the first K + 4.
///
/// No shape is computed while the graph runs, and no operator is used that only some
/// providers have: nodes about shapes would be left to the processor by CUDA, and a
/// provider here takes all nodes or none.
pub fn write_head(nodes: &mut Nodes, head: &Head) -> Result<(), BrokenInvariant> {
    let rows = descriptors::write(nodes, head);
    head::write(nodes, head, &rows)
}
