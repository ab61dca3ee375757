//! The names of a bundle's tensors.

pub(super) const NETWORK: &str = "network.onnx";
pub(super) const COORDINATES: &str = "coordinates";
pub(super) const MEMORY_BANK: &str = "memory_bank";
pub(super) const MANIFEST_DIGEST: &str = "manifest.sha256";

pub(super) fn golden_picture(index: usize) -> String {
    format!("golden.{index}.picture")
}

pub(super) fn golden_anomaly_map(index: usize) -> String {
    format!("golden.{index}.anomaly_map")
}

/// All parts that the manifest lists, for a number of golden samples.
pub(super) fn listed(golden_samples: usize) -> impl Iterator<Item = String> {
    let fixed = [NETWORK, COORDINATES, MEMORY_BANK].map(str::to_owned);
    let golden = (0..golden_samples).flat_map(|i| [golden_picture(i), golden_anomaly_map(i)]);
    fixed.into_iter().chain(golden)
}

/// Name of the network's output for a level, the finest being number 0: `level1`.
#[must_use]
pub fn level_name(number: usize) -> String {
    format!("level{}", number + 1)
}
