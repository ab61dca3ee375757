//! A bundle whose network computes in a smaller number format, with what that costs.

mod calibration;
mod comparison;
mod cost;
mod error;
mod network;
mod request;
mod scores;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use cfa_runtime::bundle::{
    Bundle, BundleParts, GoldenRecord, GoldenSample, NetworkPrecision, write_bundle,
};
use cfa_runtime::calibration::Calibration;
use cfa_runtime::inspector::{InspectError, Inspector};
use cfa_runtime::{Cancellation, OnnxRuntime};
use serde::Serialize;

pub use cost::{CostLimits, LabelledCost, ReductionCost};
pub use error::ReducedExportError;
pub use request::{ReducedRequest, ReducedStep};
pub use scores::CalibrationFate;

use super::manifest::GOLDEN_TOLERANCE;
use crate::destination::check_destination;
use comparison::Comparison;
use request::Progress;

/// Largest difference between a replayed and a recorded map of an INT8 network, relative to
/// the recorded maximum. Sums of integers are exact, but what is rounded to integers may
/// fall to the other side of a step where two machines differ in the last bit before. The
/// same network without merged operators differed by up to 0.03 (`mobilenet_v2`).
const INT8_GOLDEN_TOLERANCE: f32 = 5e-2;

/// What was written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReducedSummary {
    /// The written bundle.
    pub file: PathBuf,
    /// Size of the bundle before and after, in bytes.
    pub bytes: [u64; 2],
    /// Format of its network.
    pub precision: NetworkPrecision,
    /// Good pictures that the ranges of INT8 come from; 0 for other formats.
    pub observed_pictures: usize,
    /// What became of the scores and thresholds of the bundle.
    pub calibration: CalibrationFate,
    /// What it costs.
    pub cost: ReductionCost,
    /// Limits that were exceeded, in words; empty unless forced.
    pub exceeded: Vec<String>,
}

/// Rewrites the network, compares both on the good and the labelled pictures, and writes
/// the new bundle if it costs no more than the limits allow. Its golden samples are the new
/// network's own results, its calibration that of the new network's scores.
///
/// # Errors
/// See [`ReducedExportError`]; then there is no new file.
pub fn export_reduced(
    request: &ReducedRequest,
    library: &OnnxRuntime,
    cancellation: &Cancellation,
    step: &mut dyn FnMut(ReducedStep),
) -> Result<ReducedSummary, ReducedExportError> {
    let original = Bundle::open(&request.bundle)?;
    refuse_unfit(request, &original)?;
    let split = calibration::split(original.manifest(), &request.good, &request.copies)?;
    let observed = network::observed_pictures(request, &split.training);
    let progress = &mut Progress { cancellation, step };
    let onnx = network::reduced(request, &original, &observed, library, progress)?;
    let mut parts = reduced_parts(&original, request.precision, onnx);
    let mut comparison = Comparison::open(request, &original, parts.clone(), library)?;
    let golden_change = record_golden(&mut parts, &original, &mut comparison.after)?;
    let scores = comparison.good_scores(&request.good, progress)?;
    let recalibrated = calibration::recalibrated(original.manifest(), &split, &scores)?;
    let cost = ReductionCost {
        golden_change,
        labelled: comparison.labelled(&request.labelled, progress)?,
        ..ReductionCost::on_good_pictures(
            &scores,
            original.manifest().calibration.rule,
            &recalibrated,
        )
    };
    let exceeded = within_limits(request, &cost)?;
    parts.manifest.calibration = recalibrated.calibration;
    write_bundle(&request.out, parts)?;
    let bytes = [file_bytes(&request.bundle)?, file_bytes(&request.out)?];
    Ok(ReducedSummary {
        file: request.out.clone(),
        bytes,
        precision: request.precision,
        observed_pictures: observed.len(),
        calibration: recalibrated.fate,
        cost,
        exceeded,
    })
}

fn file_bytes(path: &Path) -> Result<u64, ReducedExportError> {
    let metadata = fs::metadata(path).map_err(|source| ReducedExportError::File {
        path: path.to_owned(),
        source,
    })?;
    Ok(metadata.len())
}

/// The limits that are exceeded; an error unless that is allowed.
fn within_limits(
    request: &ReducedRequest,
    cost: &ReductionCost,
) -> Result<Vec<String>, ReducedExportError> {
    let exceeded = cost.exceeded(&request.limits);
    if exceeded.is_empty() || request.force {
        return Ok(exceeded);
    }
    Err(ReducedExportError::TooCostly {
        exceeded,
        cost: Box::new(cost.clone()),
    })
}

/// Said before the long work.
fn refuse_unfit(request: &ReducedRequest, original: &Bundle) -> Result<(), ReducedExportError> {
    let found = original.manifest().network_precision;
    if found != NetworkPrecision::F32 {
        return Err(ReducedExportError::AlreadyReduced { found });
    }
    check_destination(&request.out)?;
    match request.precision {
        NetworkPrecision::F32 => Err(ReducedExportError::NothingToDo),
        NetworkPrecision::Int8 if request.good.is_empty() => Err(ReducedExportError::NeedsPictures),
        _ => Ok(()),
    }
}

/// The bundle with the new network, and without what belongs to the old one's scores.
fn reduced_parts(
    original: &Bundle,
    precision: NetworkPrecision,
    network_onnx: Vec<u8>,
) -> BundleParts {
    let mut parts = BundleParts {
        network_onnx,
        golden: Vec::new(),
        ..original.clone().into_parts()
    };
    let manifest = &mut parts.manifest;
    manifest.network_precision = precision;
    manifest.calibration = Calibration::default();
    manifest.golden.clear();
    manifest.settings.golden_tolerance = match precision {
        NetworkPrecision::Int8 => INT8_GOLDEN_TOLERANCE,
        _ => GOLDEN_TOLERANCE,
    };
    parts
}

/// Records the new network's maps of the golden pictures; the largest change of one,
/// relative to the maximum of the old map.
fn record_golden(
    parts: &mut BundleParts,
    original: &Bundle,
    inspector: &mut Inspector,
) -> Result<Option<f32>, InspectError> {
    let mut largest = None;
    for (sample, record) in original.golden_samples() {
        let inspection = inspector.inspect(&record.picture)?;
        let (old, new) = (&record.anomaly_map, inspection.map.values);
        let differences = old.iter().zip(&new).map(|(a, b)| (a - b).abs());
        let scale = old.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        let change = differences.fold(0.0, f32::max) / scale;
        largest = Some(change.max(largest.unwrap_or(0.0)));
        parts.manifest.golden.push(GoldenSample {
            name: sample.name.clone(),
            score: inspection.score,
        });
        parts.golden.push(GoldenRecord {
            picture: record.picture.clone(),
            anomaly_map: new,
        });
    }
    Ok(largest)
}
