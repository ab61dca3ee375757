//! The network, described once.
//!
//! A [`Graph`] is a list of standard layers. [`TorchNetwork`] runs it with
//! libtorch (training, reference results); [`crate::export::onnx`] writes the very same
//! description as an ONNX model (deployment). Nothing about a backbone or about
//! the descriptor is said a second time anywhere else.

mod check;
mod conv;
mod fold;
mod graph;
mod torch;

pub(crate) use cfa_runtime::training_support::cfa::head::coordinate;
pub use check::{ParameterMismatch, check_parameters};
pub use conv::{Conv, Padding};
pub use fold::fold_batch_norm;
pub use graph::{Graph, Linear, Node, NodeId, Op, Parameter};
pub use torch::TorchNetwork;

use std::collections::BTreeMap;

use crate::backbone::weights::WeightTensor;

/// Parameters of a graph by name; shapes in PyTorch's order (out, in, kh, kw).
pub type Parameters = BTreeMap<String, WeightTensor>;

#[cfg(test)]
mod tests;
