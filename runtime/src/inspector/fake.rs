//! An inspector without ONNX Runtime.

use super::{Inspector, InspectorOptions, Model, OpenError};
use crate::network::Network;

impl Inspector {
    /// For tests of what lies around the network: everything but that is computed as
    /// always, and instead of descriptors the bank is asked for means of the picture. The
    /// scores mean nothing, but are the same every time.
    pub fn with_fake_network(model: &Model, options: &InspectorOptions) -> Result<Self, OpenError> {
        Self::with_network(model, options, None, |_onnx, network| {
            Ok(Network::fake(network))
        })
    }
}
