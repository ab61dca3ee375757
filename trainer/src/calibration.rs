//! The calibration of a trained model: good pictures that were not trained on
//! are inspected by the runtime that ships, and their scores go into the bundle.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cfa_runtime::Cancellation;
use cfa_runtime::bundle::{Bundle, BundleError, write_bundle};
use cfa_runtime::calibration::{
    Basis, Calibration, CalibrationError, DecisionRule, F1MaxThreshold, HIGHEST_USUAL_RATE,
};
use cfa_runtime::inspector::{InspectError, Inspector, InspectorOptions, OpenError};
use cfa_runtime::network::OnnxRuntime;
use cfa_runtime::picture::Limits;

use crate::dataset::{DatasetError, Listed, file_digests};
use crate::destination::{DestinationError, check_destination};
use crate::evaluation::LeftOut;
use crate::evaluation::metrics::{MetricsError, auroc, f1_max};
use crate::interruption::{Interrupted, go_on};

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
    /// Leave out pictures that cannot be inspected after all instead of changing nothing.
    pub skip_bad: bool,
}

/// What [`calibrate`] has written.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibrated {
    /// Scores and thresholds.
    pub calibration: Calibration,
    /// Pictures that could not be inspected after all.
    pub left_out: Vec<LeftOut>,
}

/// Why a bundle was not calibrated; it is unchanged then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CalibrateError {
    /// The bundle cannot be read or written.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The bundle cannot be replaced.
    #[error("{path}: cannot replace the bundle; its folder must take new files", path = .0.path.display())]
    Destination(#[source] DestinationError),
    /// A picture cannot be inspected.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// The runtime cannot open the bundle.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The scores cannot serve as asked.
    #[error(transparent)]
    Calibration(#[from] CalibrationError),
    /// The F1 cannot be computed.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The highest F1 was asked for without defective pictures.
    #[error("the highest F1 needs pictures of both kinds; add a folder of defective ones")]
    NoDefects,
    /// A picture of a good part is one of a defective part, too.
    #[error(
        "{count} pictures are good and defective ones at once, such as {} and {}: their files are equal; the bundle is unchanged",
        good.display(), defective.display()
    )]
    BothKinds {
        /// How many.
        count: usize,
        /// The first of them among the good ones.
        good: PathBuf,
        /// And among the defective ones.
        defective: PathBuf,
    },
    /// Good pictures score higher than defective ones.
    #[error(
        "the good pictures ({}) score higher than the defective ones ({}): medians {good_median:.4} and \
         {defective_median:.4}, AUROC {auroc:.3}; were the two folders exchanged? The bundle is unchanged",
        good.display(), defective.display()
    )]
    Exchanged {
        /// Folder of the first good picture.
        good: PathBuf,
        /// Folder of the first defective picture.
        defective: PathBuf,
        /// Median score of the good ones.
        good_median: f32,
        /// Median score of the defective ones.
        defective_median: f32,
        /// Below 0.5: defective ones rank below good ones.
        auroc: f64,
    },
    /// Pictures could not be inspected after all.
    #[error(
        "{scored} pictures were scored, but {} could not be inspected after all; the bundle is unchanged:{}",
        left_out.len(),
        Listed(left_out.iter().collect())
    )]
    Failed {
        /// Pictures with a score.
        scored: usize,
        /// The others.
        left_out: Vec<LeftOut>,
    },
    /// A picture cannot be read.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The work was stopped.
    #[error("{0}")]
    Interrupted(#[from] Interrupted),
}

/// Inspects the pictures and writes what was learned into the bundle, atomically.
/// `seen` is called after each picture; then `cancellation` is looked at.
///
/// # Errors
/// See [`CalibrateError`].
pub fn calibrate(
    request: &CalibrateRequest,
    runtime: &OnnxRuntime,
    cancellation: &Cancellation,
    seen: &mut dyn FnMut(),
) -> Result<Calibrated, CalibrateError> {
    let bundle = open_to_replace(&request.bundle)?;
    require_two_kinds(request)?;
    let mut parts = bundle.clone().into_parts();
    let options = InspectorOptions {
        limits: request.picture_limits,
        ..InspectorOptions::default()
    };
    let mut inspector = Inspector::from_bundle(bundle, runtime, &options)?;
    let (good, mut left_out) = scores(&mut inspector, &request.good, cancellation, seen)?;
    let (defective, more) = scores(&mut inspector, &request.defective, cancellation, seen)?;
    left_out.extend(more);
    if !left_out.is_empty() && !request.skip_bad {
        return Err(CalibrateError::Failed {
            scored: good.len() + defective.len(),
            left_out,
        });
    }
    require_order(request, &good, &defective)?;
    let f1_max = f1_max_threshold(&good, &defective)?.or(parts.manifest.calibration.f1_max);
    let mut calibration = Calibration {
        f1_max,
        ..Calibration::from_good_scores(good)?
    };
    calibration.rule = rule(&calibration, request.rule)?;
    parts.manifest.calibration = calibration.clone();
    write_bundle(&request.bundle, parts)?;
    Ok(Calibrated {
        calibration,
        left_out,
    })
}

/// Fails when a file is given as good and as defective.
fn require_two_kinds(request: &CalibrateRequest) -> Result<(), CalibrateError> {
    if request.defective.is_empty() {
        return Ok(());
    }
    let good = file_digests(&request.good)?.into_iter();
    let good: BTreeMap<String, &PathBuf> = good.zip(&request.good).collect();
    let defective = file_digests(&request.defective)?;
    let mut both = request.defective.iter().zip(&defective);
    let equal = |(path, digest): (&PathBuf, &String)| Some((*good.get(digest)?, path.clone()));
    let found: Vec<_> = both.by_ref().filter_map(equal).collect();
    match found.first() {
        None => Ok(()),
        Some((good, defective)) => Err(CalibrateError::BothKinds {
            count: found.len(),
            good: (*good).clone(),
            defective: defective.clone(),
        }),
    }
}

/// Fails when defective pictures rank below good ones.
fn require_order(
    request: &CalibrateRequest,
    good: &[f32],
    defective: &[f32],
) -> Result<(), CalibrateError> {
    let scores = [good, defective].concat();
    let labels: Vec<bool> = (0..scores.len()).map(|i| i >= good.len()).collect();
    let folder = |pictures: &[PathBuf]| {
        let folder = pictures.first().and_then(|path| path.parent());
        folder.map_or_else(PathBuf::new, Path::to_owned)
    };
    match auroc(&scores, &labels)? {
        Some(auroc) if auroc < 0.5 => Err(CalibrateError::Exchanged {
            good: folder(&request.good),
            defective: folder(&request.defective),
            good_median: median(good),
            defective_median: median(defective),
            auroc,
        }),
        _ => Ok(()),
    }
}

/// The lower of the two in the middle; NaN without scores.
fn median(scores: &[f32]) -> f32 {
    let mut sorted = scores.to_vec();
    sorted.sort_by(f32::total_cmp);
    let middle = sorted.len().saturating_sub(1) / 2;
    sorted.get(middle).copied().unwrap_or(f32::NAN)
}

/// The bundle, when it can be read and its folder can take another in its place.
///
/// # Errors
/// The bundle cannot be read, or its folder takes no new file.
pub fn open_to_replace(bundle: &Path) -> Result<Bundle, CalibrateError> {
    let opened = Bundle::open(bundle)?;
    check_destination(bundle).map_err(CalibrateError::Destination)?;
    Ok(opened)
}

/// The raw image scores of picture files, and the pictures that have none because they
/// cannot be inspected. `seen` is called after each; then `cancellation` is looked at.
///
/// # Errors
/// The inspection cannot begin, or [`CalibrateError::Interrupted`].
pub fn scores(
    inspector: &mut Inspector,
    pictures: &[impl AsRef<Path>],
    cancellation: &Cancellation,
    seen: &mut dyn FnMut(),
) -> Result<(Vec<f32>, Vec<LeftOut>), CalibrateError> {
    let paths: Vec<_> = pictures
        .iter()
        .map(|path| path.as_ref().to_owned())
        .collect();
    let (mut scores, mut left_out) = (Vec::with_capacity(paths.len()), Vec::new());
    for (path, inspection) in inspector.inspect_each(paths)? {
        match inspection {
            Ok(inspection) => scores.push(inspection.score),
            Err(error) => left_out.push(LeftOut::new(path, &error)),
        }
        seen();
        go_on(cancellation)?;
    }
    Ok((scores, left_out))
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
