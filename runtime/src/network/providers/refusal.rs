//! Why a provider does not compute.

use std::path::PathBuf;

use super::super::store::CacheFolderError;
use super::super::{Cause, NetworkError};
use super::Provider;

/// A provider that was asked and does not compute the network.
#[derive(Debug)]
pub struct ProviderRefusal {
    /// Who was asked.
    pub provider: Provider,
    /// Why not, and what to do.
    pub reason: RefusalReason,
}

impl From<ProviderRefusal> for NetworkError {
    fn from(ProviderRefusal { provider, reason }: ProviderRefusal) -> Self {
        Self::Provider { provider, reason }
    }
}

impl ProviderRefusal {
    /// The reason in one line, with its causes.
    #[must_use]
    pub fn explanation(&self) -> String {
        let mut text = self.reason.to_string();
        let mut cause = std::error::Error::source(&self.reason);
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text
    }
}

/// Why a provider does not compute the network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefusalReason {
    /// The loaded library was built without it.
    #[error("ONNX Runtime at {} was built without it; needed: {}", library.display(), provider.needs())]
    NotInLibrary {
        /// The loaded ONNX Runtime.
        library: PathBuf,
        /// Who was asked.
        provider: Provider,
    },
    /// It is in the library and cannot be started: a driver, library or device is missing.
    #[error("it cannot be started on this machine; needed: {}", provider.needs())]
    Start {
        /// Who was asked.
        provider: Provider,
        /// What ONNX Runtime said.
        source: Cause,
    },
    /// It has threads that stayed in the parent process.
    #[error(
        "this process was forked after ONNX Runtime was loaded, which only the processor outlives; \
         load it in this process alone, or start it without fork (in Python: the start method \"spawn\")"
    )]
    Forked,
    /// It would leave some operations to the processor.
    #[error(
        "it would run only part of the network and leave the rest to the processor; \
         bundles of INT8 and FP16 are for the processor (use cpu, or the bundle in f32); \
         else export the model again with cfa-train, or use another provider"
    )]
    Partial,
    /// It was started and cannot open the network.
    #[error("it cannot open the network")]
    Open(#[source] Cause),
    /// There is no such device.
    #[error(
        "{device:?} is no device of it; openvino has CPU, GPU and NPU (or GPU.1 and so on), \
         cuda and tensorrt count their GPUs from 0"
    )]
    Device {
        /// The device asked for.
        device: String,
    },
    /// The device cannot compute in `f32`.
    #[error(
        "its device {device} does not compute in f32; allow reduced precision, or use another device"
    )]
    ReducedOnly {
        /// The device asked for.
        device: String,
    },
    /// What it compiles cannot be kept where it was told to.
    #[error(transparent)]
    CacheFolder(#[from] CacheFolderError),
}
