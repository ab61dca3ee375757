//! The network in ONNX Runtime, behind types of our own.

mod file_header;
mod library_file;
mod library_problem;
mod loaded_files;
pub(crate) mod observed;
mod onnx_runtime;
mod opening;
pub(crate) mod outputs;
mod providers;
pub(crate) mod session;
mod telemetry;
#[cfg(test)]
mod tests;
mod threads;
mod warnings;
pub(crate) mod whole_model;

use std::path::PathBuf;

use crate::container::BundleError;

pub use library_file::{library_beside, library_near, library_with};
pub use library_problem::LibraryProblem;
pub use loaded_files::file_loaded_at;
pub use onnx_runtime::OnnxRuntime;
pub use opening::OpeningWatch;
pub(crate) use outputs::NetworkOutputs;
pub use providers::{
    CacheFolder, CacheFolderError, Precision, Provider, ProviderChoice, ProviderOptions,
    ProviderRefusal, ProviderState, RefusalReason, UnknownProvider, nvidia_driver, nvidia_gpus,
    processor_instructions, survey,
};
pub(crate) use session::{Network, NetworkOptions};
pub use telemetry::restart_without_telemetry;

pub use crate::process::Forked;

/// The oldest ONNX Runtime that works is 1 point this.
pub const MINIMUM_MINOR_VERSION: u32 = ort::MINOR_VERSION;

/// The most pictures in one run: what TensorRT compiles for.
pub const LARGEST_BATCH: usize = 16;

/// The text of an ONNX Runtime error, kept as the source of ours.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why ONNX Runtime could not be loaded, or not run the network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// The shared library is missing, not a library, too old, or sends telemetry.
    #[error(
        "ONNX Runtime (1.{minimum} or newer) could not be loaded from {}; \
         get it with `cargo xtask setup --runtime`, or set ORT_DYLIB_PATH to the file of libonnxruntime",
        path.display()
    )]
    Library {
        /// Where it was looked for.
        path: PathBuf,
        /// Oldest minor version that works.
        minimum: u32,
        /// What is wrong with it, and what helps.
        source: LibraryProblem,
    },
    /// A process can hold one ONNX Runtime only.
    #[error(
        "ONNX Runtime is already loaded from {}, so {} cannot be loaded into the same process",
        loaded.display(),
        asked.display()
    )]
    OtherLibrary {
        /// The library in use.
        loaded: PathBuf,
        /// The library asked for.
        asked: PathBuf,
    },
    /// The network could not be read out of the bundle file.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// ONNX Runtime refused the network of the bundle.
    #[error(
        "ONNX Runtime cannot open the network; is the bundle made for an older or newer ONNX Runtime?"
    )]
    Open(#[source] Cause),
    /// The system does not give the threads for the network.
    #[error("the threads for the network could not be started; ask for fewer")]
    Threads(#[source] std::io::Error),
    /// The provider asked for does not compute the network, and no other may.
    #[error(
        "{provider} does not compute this network, and falling back to the processor is not allowed"
    )]
    Provider {
        /// Who was asked.
        provider: Provider,
        /// Why not, and what to do.
        #[source]
        reason: RefusalReason,
    },
    /// A device of nobody.
    #[error(
        "the device {device:?} needs a provider that has devices; name openvino, cuda or tensorrt, too"
    )]
    Device {
        /// The device asked for.
        device: String,
    },
    /// Nobody was asked.
    #[error("no provider was asked to compute the network; name one")]
    NoProvider,
    /// The watch over the opening asked for its end.
    #[error("the opening of the network was stopped")]
    OpeningStopped,
    /// An input or output is missing or has another type or shape.
    #[error(
        "the network's {outlet} is {found}, where {expected} is needed; export the model again with cfa-train"
    )]
    Signature {
        /// `input` or `output`.
        outlet: &'static str,
        /// What the network has.
        found: String,
        /// What it should have.
        expected: String,
    },
    /// The threads that compute stayed in the parent process.
    #[error(transparent)]
    Forked(#[from] Forked),
    /// The network failed on a picture.
    #[error("ONNX Runtime failed while running the network")]
    Run(#[source] Cause),
}
