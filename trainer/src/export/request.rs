//! What to export besides the trained tensors.

use std::path::{Path, PathBuf};

use cfa_runtime::OnnxRuntime;
use cfa_runtime::bundle::HeatmapRange;
use cfa_runtime::calibration::DecisionRule;
use cfa_runtime::picture::Limits;

use crate::backbone::weights::Weights;
use crate::training::CheckedSettings;

/// What belongs to a bundle besides the trained tensors.
#[derive(Debug, Clone)]
pub struct ExportRequest<'a> {
    /// Options of the training.
    pub settings: &'a CheckedSettings,
    /// What the bundle remembers of the training.
    pub record: serde_json::Value,
    /// Backbone weights.
    pub weights: &'a Weights,
    /// Training pictures; some become golden samples. Without any, a drawing does.
    pub pictures: &'a [PathBuf],
    /// Good pictures that were not trained on, whose scores calibrate the model.
    pub held_out: &'a [PathBuf],
    /// Which picture files are refused for their size.
    pub picture_limits: Limits,
    /// How pictures are judged; by default as the held-out pictures allow.
    pub rule: Option<DecisionRule>,
    /// Ends of the heat map's colours; by default found on stored features.
    pub heatmap_range: Option<HeatmapRange>,
    /// What the bundle is verified and calibrated with; `None` leaves that out.
    pub runtime: Option<&'a OnnxRuntime>,
    /// Its threads; `None` takes all cores.
    pub threads: Option<usize>,
    /// The file to write.
    pub bundle: &'a Path,
}
