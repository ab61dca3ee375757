//! The network, which ONNX Runtime computes, behind types of our own.

mod cause;
mod compute;
mod error;
mod failure;
#[cfg(feature = "fake-network")]
mod fake;
mod file_header;
mod library_file;
mod library_problem;
mod loaded_files;
pub(crate) mod network_options;
pub(crate) mod observed;
mod onnx_runtime;
pub(crate) mod opened_network;
mod opening;
mod ort_session;
pub(crate) mod outputs;
mod provider;
mod provider_options;
mod providers;
mod refusal_reason;
mod signature;
mod store;
mod telemetry;
#[cfg(test)]
mod tests;
mod threads;
mod warnings;
pub(crate) mod whole_model;

pub use error::NetworkError;
pub use library_file::{library_beside, library_for, library_near, library_with};
pub use library_problem::LibraryProblem;
pub use loaded_files::file_loaded_at;
pub(crate) use network_options::NetworkOptions;
pub use onnx_runtime::OnnxRuntime;
pub(crate) use opened_network::Network;
pub use opening::OpeningWatch;
pub(crate) use outputs::NetworkOutputs;
pub use provider::{Provider, UnknownProvider};
pub use provider_options::{ProviderChoice, ProviderOptions};
pub use providers::{
    LARGEST_BATCH, Precision, ProviderRefusal, ProviderState, nvidia_driver, nvidia_gpus,
    processor_instructions, survey,
};
pub use refusal_reason::RefusalReason;
pub use store::{CacheFolder, CacheFolderError};
pub use telemetry::restart_without_telemetry;

pub use crate::process::Forked;

/// The minor version of the oldest ONNX Runtime that works; its major version is 1.
pub const MINIMUM_MINOR_VERSION: u32 = ort::MINOR_VERSION;
