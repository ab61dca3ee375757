//! The settings of CFA in a bundle's manifest, and the tensors beside them.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::anomaly_map::{Border, GaussianBlur};
use super::head::{Descriptors, Head, HeadError, LevelShape};
use super::memory_bank::{BoundingAxes, MemoryBank};
use crate::preprocess::Size;
use crate::signature::{NetworkOutput, level_name};

/// The settings of CFA: how a picture's descriptors become scores and a map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CfaSettings {
    /// What the network puts out.
    pub descriptor: DescriptorShape,
    /// The size of the memory bank.
    pub memory_bank: MemoryBankShape,
    /// How distances become a score.
    pub score: ScoreSettings,
    /// How scores become a map.
    pub anomaly_map: AnomalyMapSettings,
    /// Largest difference allowed when a golden sample is replayed, relative
    /// to the maximum of its recorded map.
    pub golden_tolerance: f32,
}

/// The tensors of CFA in a bundle.
#[derive(Debug, Clone, PartialEq)]
pub struct CfaTensors {
    /// What one unit of the row and of the column coordinate adds to the leading
    /// channels of a descriptor: two rows, finite.
    pub coordinates: Array2<f32>,
    /// The memory bank: centroids × channels, finite.
    pub memory_bank: Array2<f32>,
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

impl CfaSettings {
    /// The outputs of the model's network, the finest level first.
    #[must_use]
    pub fn network_outputs(&self) -> Vec<NetworkOutput> {
        network_outputs(&self.descriptor.levels)
    }

    /// The head of the model.
    ///
    /// # Errors
    /// Settings and tensors do not fit each other, which is checked when a bundle is read.
    pub fn head(&self, tensors: CfaTensors) -> Result<Head, HeadError> {
        let bank = MemoryBank::new(tensors.memory_bank)?;
        let bank = bank.with_leading_axes(self.memory_bank.bounding_axes)?;
        let levels = self.descriptor.levels.clone();
        let descriptors = Descriptors::new(levels, &tensors.coordinates)?;
        let map = &self.anomaly_map;
        let blur = GaussianBlur::new(map.sigma, map.border)?;
        Head::new(bank, descriptors, self.score.neighbors, map.size(), &blur)
    }

    /// The largest difference allowed when a golden sample is replayed, for its score and for
    /// each value of its map.
    #[must_use]
    pub fn replay_tolerance(&self, recorded_map: &Array2<f32>) -> f32 {
        self.golden_tolerance * recorded_map.iter().copied().fold(0.0, f32::max)
    }
}

/// The outputs of a network with these levels, the finest first.
#[must_use]
pub fn network_outputs(levels: &[LevelShape]) -> Vec<NetworkOutput> {
    let output = |(number, level): (usize, &LevelShape)| NetworkOutput {
        name: level_name(number),
        shape: [level.height, level.width, level.channels],
    };
    levels.iter().enumerate().map(output).collect()
}

impl AnomalyMapSettings {
    fn size(&self) -> Size {
        Size {
            height: self.height,
            width: self.width,
        }
    }
}
