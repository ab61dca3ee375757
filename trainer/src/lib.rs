//! Training of CFA (Coupled-hypersphere-based Feature Adaptation, arXiv
//! 2206.04325) with libtorch, and export to a bundle for [`cfa_runtime`].
//!
//! The way of the data: [`dataset`] finds pictures, [`weights_source`] brings a
//! backbone's file and [`weights`] reads it, [`backbone`] and [`descriptor`] describe the network as a
//! [`network::Graph`], [`fit`] trains the descriptor against a [`memory_bank`] with
//! the [`loss`], [`export`] writes the same graph through [`onnx`] into a bundle.
//! [`evaluation`] measures a bundle with the [`metrics`], [`report`] shows the result.

pub mod anomalib;
pub mod backbone;
pub mod calibration;
pub mod dataset;
pub mod descriptor;
mod digest;
pub mod error;
pub mod evaluation;
pub mod export;
pub mod fit;
pub mod frame;
pub mod gradient;
pub mod loss;
pub mod memory_bank;
pub mod metrics;
pub mod model;
pub mod neighbors;
pub mod network;
pub mod onnx;
pub mod optimizer;
pub mod report;
pub mod seeds;
pub mod tensor;
#[cfg(test)]
mod testing;
pub mod weights;
pub mod weights_source;
