//! What a bundle remembers of its training.

use std::path::Path;

use cfa_runtime::bundle::Bundle;
use serde::{Deserialize, Serialize};

use super::FitSettings;
use crate::dataset::DataCounts;

/// What makes two trainings the same: a checkpoint is only resumed for this.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingIdentity {
    /// All options of the method.
    pub settings: FitSettings,
    /// sha256 of the weight file.
    pub weights_sha256: String,
    /// sha256 over the contents of all good pictures, those held out included.
    pub pictures_sha256: String,
}

/// The training as the bundle records it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingRecord {
    /// Which training it was.
    #[serde(flatten)]
    pub identity: TrainingIdentity,
    /// Mean loss of the last epoch; `None` for a training of zero epochs.
    pub final_loss: Option<f64>,
    /// Radius of the hyperspheres at the end.
    pub final_radius: f64,
    /// Numbers of the data set, if pictures were left out, alike, or among the test
    /// pictures, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<DataCounts>,
}

/// The bundle at `path` and its record, if it came from this very training.
pub(super) fn of_finished(
    path: &Path,
    identity: &TrainingIdentity,
) -> Option<(Bundle, TrainingRecord)> {
    let bundle = Bundle::open(path).ok()?;
    let record = serde_json::from_value(bundle.manifest.training.clone());
    let record: TrainingRecord = record.ok()?;
    (record.identity == *identity).then_some((bundle, record))
}
