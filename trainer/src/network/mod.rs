//! The network, described once.
//!
//! A [`Graph`] is a list of standard layers. [`TorchNetwork`] runs it with
//! libtorch (training, reference results); [`onnx`] writes the very same
//! description as an ONNX model (deployment). Nothing about a backbone or about
//! the descriptor is said a second time anywhere else.

mod check;
mod conv;
mod fold;
mod graph;
pub mod onnx;
mod parameters;
mod torch;

pub(crate) use cfa_runtime::training_support::cfa::head::coordinate;
pub use check::{ParameterMismatch, check_parameters};
pub use conv::{Conv, Padding};
pub use fold::fold_batch_norm;
pub use graph::{Graph, Linear, Node, NodeId, Op, Parameter};
pub use parameters::{Parameters, WeightTensor};
pub use torch::{PooledMaps, TorchNetwork};

#[cfg(test)]
mod tests;
