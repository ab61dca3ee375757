//! What a bundle says about itself: the JSON under `cfa.manifest`.

use serde::{Deserialize, Serialize};

use super::NetworkPrecision;
use crate::calibration::Calibration;
use crate::cfa::anomaly_map::Border;
use crate::cfa::head::LevelShape;
use crate::cfa::memory_bank::BoundingAxes;
use crate::preprocess::Preprocessing;

/// All settings of a trained model, and the list of the parts beside it.
///
/// Unknown fields are refused: a reader that skipped one could give different
/// scores than the model was made for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always [`Manifest::FORMAT`].
    pub format: String,
    /// The version this file follows; [`Manifest::FORMAT_VERSION`] when written here.
    pub format_version: u32,
    /// Program and version that made the file, such as `cfa-train 0.1.0`.
    pub created_by: String,
    /// From picture to network input.
    pub preprocessing: Preprocessing,
    /// The network that the descriptors are made from.
    pub backbone: BackboneIdentity,
    /// The number format that the backbone computes in.
    pub network_precision: NetworkPrecision,
    /// What the network puts out.
    pub descriptor: DescriptorShape,
    /// The size of the memory bank.
    pub memory_bank: MemoryBankShape,
    /// How distances become a score.
    pub score: ScoreSettings,
    /// How scores become a map.
    pub anomaly_map: AnomalyMapSettings,
    /// What is known about scores, and how pictures are judged.
    pub calibration: Calibration,
    /// The settings of the training run, for the record; never read back.
    pub training: serde_json::Value,
    /// Anomaly-map values at the ends of the heat map's colours.
    pub heatmap_range: HeatmapRange,
    /// The recorded results, in the order of `golden.<i>`.
    pub golden: Vec<GoldenSample>,
    /// Largest difference allowed when a golden sample is replayed, relative
    /// to the maximum of its recorded map.
    pub golden_tolerance: f32,
    /// Every part but `manifest.sha256`, sorted by name. Filled in on writing.
    pub parts: Vec<Part>,
}

impl Manifest {
    /// The value of `format`.
    pub const FORMAT: &str = "cfa-bundle";
    /// The `format_version` this code writes.
    pub const FORMAT_VERSION: u32 = 4;
    /// The oldest `format_version` this code reads.
    pub const OLDEST_FORMAT_VERSION: u32 = 3;
    /// The first version that names the orientation rule.
    pub(super) const FIRST_WITH_ORIENTATION: u32 = 4;
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

/// Shape of the descriptors of one picture: channels × height × width.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DescriptorShape {
    /// D, the length of one descriptor.
    pub channels: usize,
    /// Rows of descriptors.
    pub feature_height: usize,
    /// Columns of descriptors.
    pub feature_width: usize,
    /// The factor γd by which the backbone's channels were reduced to D.
    pub gamma_d: usize,
    /// The outputs of the network, the finest first: `level1`, `level2` and so on.
    pub levels: Vec<LevelShape>,
}

/// Shape of the memory bank: centroids × [`DescriptorShape::channels`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryBankShape {
    /// M, the number of rows.
    pub centroids: usize,
    /// The factor γc by which the positions were reduced to M.
    pub gamma_c: usize,
    /// Along how many of the leading channels distances are bounded. Changes the time
    /// of a search, not its result.
    pub bounding_axes: BoundingAxes,
}

/// How distances become a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreSettings {
    /// K, the nearest centroids that share in a score.
    pub neighbors: usize,
}

/// How the scores of the descriptors become a map of the network's input size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnomalyMapSettings {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Standard deviation of the Gaussian blur, in map pixels.
    pub sigma: f32,
    /// How the blur continues the map beyond its border.
    pub border: Border,
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
