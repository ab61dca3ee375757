//! Runs CFA anomaly detection models: picture in, anomaly map and score out.
//!
//! The method is Coupled-hypersphere-based Feature Adaptation (arXiv
//! 2206.04325). A model is one [`bundle`] file.

pub mod anomaly_map;
mod atomic_file;
pub mod bundle;
#[cfg(test)]
mod golden_vectors;
pub mod head;
pub mod inspector;
pub mod memory_bank;
pub mod network;
pub mod picture;
pub mod preprocess;
pub mod render;
pub mod verify;

pub use atomic_file::write_atomically;
pub use bundle::Bundle;
pub use inspector::{Inspection, Inspector, InspectorOptions};
pub use ndarray;
pub use network::{OnnxRuntime, Provider};
pub use picture::Picture;
pub use preprocess::Preprocessing;
