//! An inspector without ONNX Runtime, for tests.

use super::{Inspector, InspectorOptions, Model, OpenError};
use crate::network::Network;

impl Inspector {
    /// An inspector with a fake network, for tests of everything around the network. Instead
    /// of descriptors the bank is searched for means of the picture. The scores mean nothing,
    /// but are the same every time.
    pub fn with_fake_network(model: &Model, options: &InspectorOptions) -> Result<Self, OpenError> {
        Self::with_network(model, options, None, |_onnx, network| {
            Ok(Network::fake(network))
        })
    }
}
