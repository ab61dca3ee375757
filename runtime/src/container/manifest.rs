//! What a bundle says about itself: the JSON under `cfa.manifest`.

use serde::{Deserialize, Serialize};

use super::{Method, NetworkPrecision, version};
use crate::calibration::Calibration;
use crate::preprocess::Preprocessing;

/// All settings of a trained model, and the list of the parts beside it.
///
/// In the file the fields of `settings` stand beside the others. Unknown fields are refused: a
/// reader that skipped one could give different scores than the model was made for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest<M> {
    /// Always [`Manifest::FORMAT`].
    pub format: String,
    /// The version this file follows; [`Manifest::FORMAT_VERSION`] when written here.
    pub format_version: u32,
    /// The method that the model is of. Filled in on writing; files before version 5 have none.
    #[serde(default = "method_before_tags")]
    pub method: String,
    /// Program and version that made the file, such as `cfa-train 0.1.0`.
    pub created_by: String,
    /// From picture to network input.
    pub preprocessing: Preprocessing,
    /// The network that the descriptors are made from.
    pub backbone: BackboneIdentity,
    /// The number format that the backbone computes in.
    pub network_precision: NetworkPrecision,
    /// The settings of the method.
    #[serde(flatten)]
    pub settings: M,
    /// What is known about scores, and how pictures are judged.
    pub calibration: Calibration,
    /// The settings of the training run, for the record; never read back.
    pub training: serde_json::Value,
    /// Anomaly-map values at the ends of the heat map's colours.
    pub heatmap_range: HeatmapRange,
    /// The recorded results, in the order of `golden.<i>`.
    pub golden: Vec<GoldenSample>,
    /// Every part but `manifest.sha256`, sorted by name. Filled in on writing.
    pub parts: Vec<Part>,
}

impl<M: Method> Manifest<M> {
    /// The value of `format`.
    pub const FORMAT: &str = version::FORMAT;
    /// The `format_version` that this code writes.
    pub const FORMAT_VERSION: u32 = version::FORMAT_VERSION;
    /// The oldest `format_version` that this code reads.
    pub const OLDEST_FORMAT_VERSION: u32 = version::OLDEST_FORMAT_VERSION;
}

fn method_before_tags() -> String {
    version::METHOD_BEFORE_TAGS.to_owned()
}

/// Which network, with which weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackboneIdentity {
    /// Name of the architecture, such as `wide_resnet50_2`.
    pub name: String,
    /// Name of the weights file, without its folder.
    pub weights_file: String,
    /// SHA-256 of the weights file: 64 lower-case hexadecimal digits.
    pub weights_sha256: String,
}

/// Anomaly-map values at the ends of the heat map's colours.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeatmapRange {
    /// Shown in the first colour, with all below.
    pub low: f32,
    /// Shown in the last colour, with all above.
    pub high: f32,
}

/// A picture whose result was recorded when the bundle was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenSample {
    /// Where the picture came from.
    pub name: String,
    /// Its recorded image score, the maximum of its anomaly map.
    pub score: f32,
}

/// One tensor of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Name of the tensor.
    pub name: String,
    /// Element type.
    pub dtype: PartType,
    /// Shape, slowest axis first.
    pub shape: Vec<usize>,
    /// Length of its data.
    pub bytes: u64,
    /// SHA-256 of its data: 64 lower-case hexadecimal digits.
    pub sha256: String,
}

/// Element types that occur, spelled as in safetensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PartType {
    /// Unsigned bytes.
    U8,
    /// 32-bit floating point, little-endian.
    F32,
}
