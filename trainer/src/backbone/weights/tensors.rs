//! The tensors of a file, by name.

use std::collections::BTreeMap;

use super::WeightTensor;

/// Left over from a network that was trained on several devices at once.
const DEVICE_PREFIX: &str = "module.";

/// Values by the names that the file gives them.
pub(crate) type Tensors = BTreeMap<String, WeightTensor>;

/// Takes [`DEVICE_PREFIX`] off, if every name begins with it.
pub(super) fn without_device_prefix(tensors: Tensors) -> Tensors {
    if !tensors.keys().all(|name| name.starts_with(DEVICE_PREFIX)) {
        return tensors;
    }
    tensors
        .into_iter()
        .map(|(name, tensor)| (name.replacen(DEVICE_PREFIX, "", 1), tensor))
        .collect()
}
