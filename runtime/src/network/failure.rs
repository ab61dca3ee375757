//! Where the opening of a network failed.

use super::store::CacheFolderError;
use crate::bundle::BundleError;

/// Where the opening of a network failed, with the message of ONNX Runtime.
#[derive(Debug)]
pub(super) enum Failure<Message = ort::Error> {
    /// Before the network was read.
    Start(Message),
    /// In the folder of compiled networks.
    Cache(CacheFolderError),
    /// The opening was stopped while it waited.
    Stopped,
    /// The network could not be read.
    Read(BundleError),
    /// The network was refused.
    Open(Message),
}
