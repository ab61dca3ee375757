//! The scores of good pictures by both networks, and the calibration that follows.

use std::path::PathBuf;

use cfa_runtime::calibration::Calibration;
use serde::Serialize;

/// Both scores of one good picture, and the time of both networks.
pub(super) struct ScorePair {
    pub(super) path: PathBuf,
    pub(super) before: f32,
    pub(super) after: f32,
    pub(super) network_ms: [f64; 2],
}

impl ScorePair {
    /// Relative; absolute for a score of 0.
    pub(super) fn change(&self) -> f64 {
        let (before, after) = (f64::from(self.before), f64::from(self.after));
        let unit = if before == 0.0 { 1.0 } else { before.abs() };
        (after - before).abs() / unit
    }
}

/// What became of a bundle's calibration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CalibrationFate {
    /// The bundle had no calibration.
    None,
    /// The good pictures of the calibration were scored again. The thresholds keep their
    /// places among these scores.
    Recomputed,
    /// What came from pictures that are not at hand is gone: all of it, or the thresholds
    /// alone, until `cfa-train calibrate` finds new ones.
    Removed,
}

/// The calibration of the new bundle.
pub(super) struct Recalibrated {
    pub(super) calibration: Calibration,
    pub(super) fate: CalibrationFate,
}
