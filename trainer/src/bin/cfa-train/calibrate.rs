//! `cfa-train calibrate`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cfa_runtime::preprocess::Preprocessing;
use cfa_train::calibration::{CalibrateRequest, RuleChoice, calibrate, open_to_replace};
use cfa_train::dataset::{Dataset, check_pictures};
use cfa_train::fit::FitObserver;
use clap::Args;

use crate::limits::LimitArguments;
use crate::onnxruntime::OnnxRuntimeArgument;
use crate::progress::{Progress, calibrated, depth, print_json};

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
    #[command(flatten)]
    limits: LimitArguments,
}

pub(crate) fn run(arguments: &CalibrateArguments) -> Result<()> {
    let mut progress = Progress::new(arguments.json).context("cannot listen for Ctrl-C")?;
    // Before the long work: whether there is a bundle at all, and it can be replaced.
    let preprocessing = open_to_replace(&arguments.model)?.manifest.preprocessing;
    let request = arguments.request(&preprocessing, &progress)?;
    let pictures = request.good.len() + request.defective.len();
    let runtime = arguments.onnxruntime.load()?;
    progress.start("calibrating", pictures);
    let calibration = calibrate(&request, &runtime, &mut || progress.advance())?;
    progress.finish();
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
            picture_limits: self.limits.limits(),
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
        let limits = self.limits.limits();
        let checked = check_pictures(&found, preprocessing, limits, self.skip_bad, go_on)?;
        for picture in &checked.bad {
            progress.say(&format!("skipped {picture}"));
        }
        for finding in checked.depths.findings(preprocessing.white_level) {
            progress.say(&depth(finding));
        }
        Ok(checked.good)
    }
}
