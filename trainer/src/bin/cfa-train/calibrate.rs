//! `cfa-train calibrate`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cfa_runtime::bundle::Manifest;
use cfa_runtime::preprocess::Preprocessing;
use cfa_train::calibration::{
    CalibrateError, CalibrateRequest, Calibrated, RuleChoice, calibrate, open_to_replace,
};
use cfa_train::dataset::{Dataset, check_pictures};
use cfa_train::fit::{FitObserver, trained_on};
use clap::Args;

use crate::onnxruntime::OnnxRuntimeArgument;
use crate::progress::{Progress, calibrated, print_json};

#[derive(Args)]
pub(crate) struct CalibrateArguments {
    /// The bundle; it is replaced when all went well
    #[arg(long, value_name = "BUNDLE")]
    model: PathBuf,
    /// Folder of pictures of good parts that the model was not trained on
    #[arg(long, value_name = "DIR")]
    good: PathBuf,
    /// Folder of pictures of defective parts
    #[arg(long, value_name = "DIR")]
    defective: Option<PathBuf>,
    /// Reject at most this share of good parts, such as 0.01 [default: the lowest of
    /// 0.01, 0.02, 0.05, 0.1 and 0.2 that the number of good pictures allows]
    #[arg(long, value_name = "RATE", conflicts_with = "f1_max")]
    false_reject_rate: Option<f64>,
    /// Reject or have reviewed at most this share of good parts [default: twice the
    /// false-reject rate]
    #[arg(long, value_name = "RATE", requires = "false_reject_rate")]
    review_rate: Option<f64>,
    /// Judge by the threshold with the highest F1 instead
    #[arg(long, requires = "defective")]
    f1_max: bool,
    /// Leave out broken pictures instead of stopping
    #[arg(long)]
    skip_bad: bool,
    /// Print the calibration as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    onnxruntime: OnnxRuntimeArgument,
}

pub(crate) fn run(arguments: &CalibrateArguments) -> Result<()> {
    let mut progress = Progress::new(arguments.json).context("cannot listen for Ctrl-C")?;
    // Before the long work: whether there is a bundle at all, and it can be replaced.
    let manifest = open_to_replace(&arguments.model)?.manifest;
    let request = arguments.request(&manifest.preprocessing, &progress)?;
    warn_of_training_pictures(&manifest, &request.good)?;
    let pictures = request.good.len() + request.defective.len();
    let runtime = arguments.onnxruntime.load()?;
    progress.start("calibrating", pictures);
    let calibrated_bundle = calibrate(&request, &runtime, &mut || progress.advance());
    progress.finish();
    let Calibrated {
        calibration,
        left_out,
    } = calibrated_bundle.map_err(with_remedy)?;
    // Told with --json, too, whose object holds the calibration alone.
    for picture in left_out {
        eprintln!("cfa-train: skipped {picture}");
    }
    if arguments.json {
        print_json(&calibration);
        return Ok(());
    }
    let good = calibration.good_scores.len();
    progress.say(&calibrated(good, calibration.rule));
    if let Some(found) = calibration.f1_max {
        progress.say(&format!(
            "highest F1 {:.4} above a score of {:.4}, {} good and {} defective pictures",
            found.f1, found.reject_above, found.good, found.defective
        ));
    }
    Ok(())
}

/// Which option helps.
fn with_remedy(error: CalibrateError) -> anyhow::Error {
    let remedy = match &error {
        CalibrateError::BothKinds { .. } | CalibrateError::Exchanged { .. } => {
            "--good takes pictures of good parts, and --defective those of defective parts"
        }
        CalibrateError::Failed { .. } => "--skip-bad goes on without such pictures",
        _ => return error.into(),
    };
    anyhow::Error::from(error).context(remedy)
}

/// Scores of pictures that were trained on are too low. Told on standard error with --json,
/// too: the thresholds would not hold what they promise.
fn warn_of_training_pictures(manifest: &Manifest, good: &[PathBuf]) -> Result<()> {
    if let Some(count) = trained_on(manifest, good)?.filter(|&count| count > 0) {
        eprintln!(
            "cfa-train: the model was trained on {count} of the {} good pictures: their scores are too low, \
             and the threshold will reject more good parts than it says; give --good others",
            good.len()
        );
    }
    Ok(())
}

impl CalibrateArguments {
    fn request(
        &self,
        preprocessing: &Preprocessing,
        progress: &Progress,
    ) -> Result<CalibrateRequest> {
        let pictures = |folder| self.pictures(folder, preprocessing, progress);
        let defective = self.defective.as_deref().map(pictures);
        Ok(CalibrateRequest {
            bundle: self.model.clone(),
            good: pictures(&self.good)?,
            defective: defective.transpose()?.unwrap_or_default(),
            skip_bad: self.skip_bad,
            rule: match (self.f1_max, self.false_reject_rate) {
                (true, _) => RuleChoice::F1Max,
                (false, Some(rate)) => RuleChoice::FalseRejectRate {
                    rate,
                    review_rate: self.review_rate,
                },
                (false, None) => RuleChoice::Usual,
            },
        })
    }

    fn pictures(
        &self,
        folder: &Path,
        preprocessing: &Preprocessing,
        progress: &Progress,
    ) -> Result<Vec<PathBuf>> {
        let found = Dataset::discover_folder(folder)?;
        let go_on = &mut || !progress.interrupted();
        let checked = check_pictures(&found, preprocessing, self.skip_bad, go_on)?;
        for picture in &checked.bad {
            progress.say(&format!("skipped {picture}"));
        }
        Ok(checked.good)
    }
}
