//! Before a bundle is written, the runtime that ships shows that it computes what
//! libtorch did, and scores the held-out good pictures.

use cfa_runtime::Cancellation;
use cfa_runtime::bundle::{Bundle, BundleParts};
use cfa_runtime::calibration::Calibration;
use cfa_runtime::inspector::{Inspector, InspectorOptions};
use cfa_runtime::verify::replay;

use super::request::ExportRequest;
use crate::calibration::{CalibrateError, scores};
use crate::error::TrainError;
use crate::events::{FitEvent, FitObserver};

/// The parts with their calibration; as they are when no runtime was given.
pub(super) fn verified_and_calibrated(
    mut parts: BundleParts,
    request: &ExportRequest<'_>,
    observer: &mut dyn FitObserver,
    cancellation: &Cancellation,
) -> Result<BundleParts, TrainError> {
    let Some(runtime) = request.runtime else {
        observer.event(&FitEvent::Unverified);
        return Ok(parts);
    };
    let bundle = Bundle::from_parts(parts.clone())?;
    let options = InspectorOptions {
        threads: request.threads,
        limits: request.picture_limits,
        ..InspectorOptions::default()
    };
    let mut inspector = Inspector::from_bundle(bundle, runtime, &options)?;
    let report = replay(&mut inspector)?;
    if !report.ok() {
        return Err(TrainError::NotReproduced { report });
    }
    observer.event(&FitEvent::Verified {
        samples: report.samples.len(),
        threads: inspector.threads(),
    });
    parts.manifest.calibration = calibration(&mut inspector, request, observer, cancellation)?;
    Ok(parts)
}

fn calibration(
    inspector: &mut Inspector,
    request: &ExportRequest<'_>,
    observer: &mut dyn FitObserver,
    cancellation: &Cancellation,
) -> Result<Calibration, TrainError> {
    let (scores, left_out) = scores(inspector, request.held_out, cancellation, &mut || ())?;
    // The model is not lost because a picture has gone away during the training.
    for picture in left_out {
        observer.event(&FitEvent::Skipped {
            reason: picture.to_string(),
        });
    }
    let mut calibration = Calibration::from_good_scores(scores).map_err(CalibrateError::from)?;
    calibration.rule = request.rule.or_else(|| calibration.usual_rule());
    if request.rule.is_none() {
        observer.event(&FitEvent::Calibrated {
            good: calibration.good_scores.len(),
            rule: calibration.rule,
        });
    }
    Ok(calibration)
}
