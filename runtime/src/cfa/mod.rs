//! The method: settings, descriptors, memory bank, scores and anomaly map of CFA.
//!
//! The modules that read pictures, frame bundles and run networks do not import this one;
//! `bundle` and `inspector` put both together.

pub mod anomaly_map;
mod check;
pub mod head;
pub mod memory_bank;
pub mod onnx;
mod settings;

pub use settings::{
    AnomalyMapSettings, CfaSettings, CfaTensors, DescriptorShape, MemoryBankShape, ScoreSettings,
    network_outputs,
};
