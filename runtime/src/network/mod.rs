//! The network, which ONNX Runtime computes, behind types of our own.

mod compute;
mod error;
mod failure;
#[cfg(feature = "fake-network")]
mod fake;
mod file_header;
mod library_file;
mod library_problem;
mod loaded_files;
mod network_options;
mod observed;
mod onnx_runtime;
mod opened_network;
mod opening;
mod ort_session;
mod outputs;
mod providers;
mod signature;
mod store;
mod telemetry;
#[cfg(test)]
mod tests;
mod threads;
mod warnings;
mod whole_model;

pub use error::NetworkError;
pub use library_file::{library_beside, library_for, library_near, library_with};
pub use library_problem::LibraryProblem;
pub use loaded_files::file_loaded_at;
pub use network_options::{NetworkOptions, NetworkOutput};
pub use observed::ObservedNetwork;
pub use onnx_runtime::OnnxRuntime;
pub use opened_network::Network;
pub use opening::OpeningWatch;
pub use outputs::NetworkOutputs;
pub use providers::{
    LARGEST_BATCH, Precision, Provider, ProviderChoice, ProviderOptions, ProviderRefusal,
    ProviderState, RefusalReason, UnknownProvider, nvidia_driver, nvidia_gpus,
    processor_instructions, survey,
};
pub use store::{CacheFolder, CacheFolderError};
pub use telemetry::restart_without_telemetry;
pub use whole_model::WholeModel;

pub use crate::process::Forked;

/// The minor version of the oldest ONNX Runtime that works; its major version is 1.
pub const MINIMUM_MINOR_VERSION: u32 = ort::MINOR_VERSION;
