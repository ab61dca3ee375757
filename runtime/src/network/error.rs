//! Why ONNX Runtime could not be loaded, or a network not be opened or run.

use std::path::PathBuf;

use super::cause::Cause;
use super::library_problem::LibraryProblem;
use super::provider::Provider;
use super::refusal_reason::RefusalReason;
use crate::container::BundleError;
use crate::invariant::BrokenInvariant;
use crate::process::Forked;

/// Why ONNX Runtime could not be loaded, or not run the network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// The shared library is missing, not a library, too old, or sends telemetry.
    #[error(
        "ONNX Runtime (1.{minimum} or newer) could not be loaded from {}; \
         install it, or name the file of libonnxruntime",
        path.display()
    )]
    Library {
        /// The path of the library.
        path: PathBuf,
        /// The oldest minor version that works.
        minimum: u32,
        /// What is wrong with it, and what to do.
        source: LibraryProblem,
    },
    /// Another ONNX Runtime is loaded already, and a process can hold only one.
    #[error(
        "ONNX Runtime is already loaded from {}, so {} cannot be loaded into the same process",
        loaded.display(),
        asked.display()
    )]
    OtherLibrary {
        /// The library in use.
        loaded: PathBuf,
        /// The library that was asked for.
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
    /// The system does not start the threads for the network.
    #[error("the threads for the network could not be started; ask for fewer")]
    Threads(#[source] std::io::Error),
    /// The provider does not compute the network, and no other provider is allowed to.
    #[error(
        "{provider} does not compute this network, and falling back to the processor is not allowed"
    )]
    Provider {
        /// The provider.
        provider: Provider,
        /// Why it does not compute, and what to do.
        #[source]
        reason: RefusalReason,
    },
    /// A device was named without a provider that has devices.
    #[error(
        "the device {device:?} needs a provider that has devices; name {}, too",
        Provider::names_with_devices()
    )]
    Device {
        /// The device asked for.
        device: String,
    },
    /// No provider was asked.
    #[error("no provider was asked to compute the network; name one")]
    NoProvider,
    /// The watch ended the opening.
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
    /// The network was opened in the parent process, and its threads stayed there.
    #[error(transparent)]
    Forked(#[from] Forked),
    /// A promise of this library to itself does not hold.
    #[error(transparent)]
    Internal(#[from] BrokenInvariant),
    /// The network failed on a picture.
    #[error("ONNX Runtime failed while running the network")]
    Run(#[source] Cause),
}
