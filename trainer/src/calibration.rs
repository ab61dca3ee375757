//! What the scores of a trained model mean: good pictures that were not trained on
//! are inspected by the runtime that ships, and their scores go into the bundle.

use std::io;
use std::path::{Path, PathBuf};

use cfa_runtime::bundle::{Bundle, BundleError, write_bundle};
use cfa_runtime::calibration::{
    Basis, Calibration, CalibrationError, DecisionRule, F1MaxThreshold, HIGHEST_USUAL_RATE,
};
use cfa_runtime::inspector::{InspectError, Inspector, InspectorOptions};
use cfa_runtime::network::OnnxRuntime;
use cfa_runtime::picture::Limits;

use crate::fit::can_be_written;
use crate::metrics::{MetricsError, f1_max};

/// How a calibrated model judges when nothing else is asked for at run time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RuleChoice {
    /// The lowest of the usual false-reject rates that the good pictures allow.
    Usual,
    /// A share of good parts that may be rejected, and one that may be rejected or
    /// reviewed; `None` for twice the first.
    FalseRejectRate {
        /// Between 0 and 1.
        rate: f64,
        /// At least `rate`, below 1.
        review_rate: Option<f64>,
    },
    /// The threshold with the highest F1 over the good and the defective pictures.
    F1Max,
}

/// Pictures to calibrate a bundle with.
#[derive(Debug, Clone)]
pub struct CalibrateRequest {
    /// The bundle; it is replaced.
    pub bundle: PathBuf,
    /// Pictures of good parts that the model was not trained on.
    pub good: Vec<PathBuf>,
    /// Pictures of defective parts; may be empty.
    pub defective: Vec<PathBuf>,
    /// Which picture files are refused for their size.
    pub picture_limits: Limits,
    /// How to judge.
    pub rule: RuleChoice,
}

/// Why a bundle was not calibrated; it is unchanged then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CalibrateError {
    /// The bundle cannot be read or written.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The bundle cannot be replaced.
    #[error("{path}: cannot replace the bundle; its folder must take new files", path = path.display())]
    Destination {
        /// The bundle.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A picture cannot be inspected.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// The scores cannot serve as asked.
    #[error(transparent)]
    Calibration(#[from] CalibrationError),
    /// The F1 cannot be computed.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The highest F1 was asked for without defective pictures.
    #[error("the highest F1 needs pictures of both kinds; add a folder of defective ones")]
    NoDefects,
    /// The user stopped.
    #[error("interrupted; the bundle is unchanged")]
    Interrupted,
}

/// Inspects the pictures and writes what was learned into the bundle, atomically.
/// `seen` is called after each picture; `false` stops.
///
/// # Errors
/// See [`CalibrateError`].
pub fn calibrate(
    request: &CalibrateRequest,
    runtime: &OnnxRuntime,
    seen: &mut dyn FnMut() -> bool,
) -> Result<Calibration, CalibrateError> {
    let bundle = open_to_replace(&request.bundle)?;
    let mut parts = bundle.clone().into_parts();
    let options = InspectorOptions {
        limits: request.picture_limits,
        ..InspectorOptions::default()
    };
    let mut inspector = Inspector::from_bundle(bundle, runtime, &options)?;
    let good = scores(&mut inspector, &request.good, seen)?;
    let defective = scores(&mut inspector, &request.defective, seen)?;
    let f1_max = f1_max_threshold(&good, &defective)?.or(parts.manifest.calibration.f1_max);
    let mut calibration = Calibration {
        f1_max,
        ..Calibration::from_good_scores(good)?
    };
    calibration.rule = rule(&calibration, request.rule)?;
    parts.manifest.calibration = calibration.clone();
    write_bundle(&request.bundle, parts)?;
    Ok(calibration)
}

/// The bundle, when it can be read and its folder can take another in its place.
///
/// # Errors
/// It cannot.
pub fn open_to_replace(bundle: &Path) -> Result<Bundle, CalibrateError> {
    let opened = Bundle::open(bundle)?;
    can_be_written(bundle).map_err(|source| CalibrateError::Destination {
        path: bundle.to_owned(),
        source,
    })?;
    Ok(opened)
}

/// The raw image scores of picture files. `seen` is called after each; `false` stops.
///
/// # Errors
/// A picture cannot be inspected, or [`CalibrateError::Interrupted`].
pub fn scores(
    inspector: &mut Inspector,
    pictures: &[impl AsRef<Path>],
    seen: &mut dyn FnMut() -> bool,
) -> Result<Vec<f32>, CalibrateError> {
    let paths: Vec<_> = pictures
        .iter()
        .map(|path| path.as_ref().to_owned())
        .collect();
    let inspections = inspector.inspect_each(paths)?;
    let scores = inspections.map(|(_path, inspection)| {
        let score = inspection?.score;
        seen().then_some(score).ok_or(CalibrateError::Interrupted)
    });
    scores.collect()
}

fn rule(
    calibration: &Calibration,
    choice: RuleChoice,
) -> Result<Option<DecisionRule>, CalibrateError> {
    match choice {
        // The rate that needs the fewest pictures tells how many are missing.
        RuleChoice::Usual => match calibration.usual_rule() {
            Some(rule) => Ok(Some(rule)),
            None => Ok(Some(
                calibration.false_reject_rule(HIGHEST_USUAL_RATE, None)?,
            )),
        },
        RuleChoice::FalseRejectRate { rate, review_rate } => {
            Ok(Some(calibration.false_reject_rule(rate, review_rate)?))
        }
        RuleChoice::F1Max => {
            let found = calibration.f1_max.ok_or(CalibrateError::NoDefects)?;
            Ok(Some(DecisionRule::single(
                Basis::F1Max,
                found.reject_above,
            )?))
        }
    }
}

/// Halfway between the lowest score that the best F1 counts as defective and the next
/// below, so that neither sample lies on the threshold.
fn f1_max_threshold(
    good: &[f32],
    defective: &[f32],
) -> Result<Option<F1MaxThreshold>, CalibrateError> {
    let scores = [good, defective].concat();
    let labels: Vec<bool> = (0..scores.len()).map(|i| i >= good.len()).collect();
    let Some(best) = f1_max(&scores, &labels)? else {
        return Ok(None);
    };
    let lower = scores.iter().copied().filter(|&s| s < best.threshold);
    let next = lower.fold(f32::NEG_INFINITY, f32::max);
    let reject_above = if next.is_finite() {
        next.midpoint(best.threshold)
            .min(best.threshold.next_down())
    } else {
        best.threshold.next_down()
    };
    Ok(Some(F1MaxThreshold {
        reject_above,
        f1: best.value,
        good: good.len(),
        defective: defective.len(),
    }))
}
