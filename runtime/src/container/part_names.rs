//! The names of a bundle's tensors.

pub(super) const NETWORK: &str = "network.onnx";
pub(super) const MANIFEST_DIGEST: &str = "manifest.sha256";

pub(super) fn golden_picture(index: usize) -> String {
    format!("golden.{index}.picture")
}

pub(super) fn golden_anomaly_map(index: usize) -> String {
    format!("golden.{index}.anomaly_map")
}

/// All parts that the manifest lists, for the matrices of a method and a number of golden
/// samples.
pub(super) fn listed(
    matrices: &'static [&'static str],
    golden_samples: usize,
) -> impl Iterator<Item = String> {
    let fixed = [NETWORK].iter().chain(matrices);
    let golden = (0..golden_samples).flat_map(|i| [golden_picture(i), golden_anomaly_map(i)]);
    fixed.map(ToString::to_string).chain(golden)
}
