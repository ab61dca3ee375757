//! Runs CFA anomaly detection models: picture in, anomaly map and score out.
//!
//! The method is Coupled-hypersphere-based Feature Adaptation (arXiv
//! 2206.04325). A model is one [`bundle`] file.
//!
//! ```no_run
//! use std::path::Path;
//! use cfa_runtime::{Inspector, InspectorOptions, OnnxRuntime};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let library = OnnxRuntime::load(Path::new("libonnxruntime.so"))?;
//! let options = InspectorOptions::default();
//! let mut inspector = Inspector::open(Path::new("my_product.cfa"), &library, &options)?;
//! let inspection = inspector.inspect_path(Path::new("part.png"))?;
//! println!("{} at {:?}", inspection.score, inspection.peak);
//! # Ok(())
//! # }
//! ```
//!
//! The way of a picture: [`picture`] decodes it, [`preprocess`] brings it to the
//! network's input, [`network`] computes descriptors, [`training_support::cfa::memory_bank`] finds their
//! nearest entries, [`training_support::cfa::anomaly_map`] makes the map; [`inspector`] is all of that in
//! one call. The library does not print, exit or read the environment, but for one variable:
//! [`OnnxRuntime::load`] looks whether `ORT_DISABLE_TELEMETRY` is set, as ONNX Runtime does.
//!
//! A process that is forked gets no threads of its parent: an inspector made before gives the
//! error [`network::Forked`] there, and a model can be shared.

mod anomaly_map;
mod atomic_file;
pub mod bundle;
pub mod calibration;
mod cancellation;
mod cfa;
mod container;
mod cores;
#[cfg(test)]
mod golden_vectors;
pub mod inspector;
mod invariant;
pub mod network;
mod onnx;
pub mod picture;
pub mod preprocess;
mod process;
pub mod render;
mod row_major;
pub mod session;
mod signature;
mod simd;
pub mod training_support;
pub mod verify;

pub use anomaly_map::AnomalyMap;
pub use atomic_file::{create_atomically, write_atomically};
pub use bundle::Bundle;
pub use cancellation::Cancellation;
pub use cores::{CoreAffinity, UnknownCoreAffinity};
pub use inspector::{HeadPlacement, Inspection, Inspector, InspectorOptions, Model, Source};
pub use invariant::BrokenInvariant;
pub use ndarray;
pub use network::{OnnxRuntime, Precision, Provider, ProviderChoice, ProviderOptions};
pub use picture::Picture;
pub use preprocess::Preprocessing;
pub use session::Session;
