//! Why a provider does not compute the network.

use std::path::PathBuf;

use super::cause::Cause;
use super::store::CacheFolderError;

/// Why a provider does not compute the network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefusalReason {
    /// The loaded library was built without the provider.
    #[error("ONNX Runtime at {} was built without it; needed: {needs}", library.display())]
    NotInLibrary {
        /// The loaded ONNX Runtime.
        library: PathBuf,
        /// What a machine needs for the provider.
        needs: &'static str,
    },
    /// The library contains the provider, which cannot be started: a driver, library or device
    /// is missing.
    #[error("it cannot be started on this machine; needed: {needs}")]
    Start {
        /// What a machine needs for the provider.
        needs: &'static str,
        /// The message of ONNX Runtime.
        source: Cause,
    },
    /// The provider has threads that stayed in the parent process.
    #[error(
        "this process was forked after ONNX Runtime was loaded, which only the processor outlives; \
         load it in this process alone, or start it without fork (in Python: the start method \"spawn\")"
    )]
    Forked,
    /// The provider would leave some operations to the processor.
    #[error(
        "it would run only part of the network and leave the rest to the processor; \
         bundles of INT8 and FP16 are for the processor (use cpu, or the bundle in f32); \
         else export the model again with cfa-train, or use another provider"
    )]
    Partial,
    /// The provider was started, and cannot open the network.
    #[error("it cannot open the network")]
    Open(#[source] Cause),
    /// The provider has no such device.
    #[error("it has no device {device:?}; name {devices}")]
    Device {
        /// The device asked for.
        device: String,
        /// The devices that the provider has.
        devices: &'static str,
    },
    /// The device cannot compute in `f32`.
    #[error(
        "its device {device} does not compute in f32; allow reduced precision, or use another device"
    )]
    ReducedOnly {
        /// The device asked for.
        device: String,
    },
    /// The cache folder cannot be used for compiled networks.
    #[error(transparent)]
    CacheFolder(#[from] CacheFolderError),
}
