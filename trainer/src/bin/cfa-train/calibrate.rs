//! `cfa-train calibrate`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use cfa_runtime::bundle::Manifest;
use cfa_runtime::preprocess::Preprocessing;
use cfa_train::calibration::{
    CalibrateError, CalibrateRequest, Calibrated, RuleChoice, calibrate, open_to_replace,
};
use cfa_train::dataset::{CheckedPictures, DataAccount, Dataset, check_pictures};
use cfa_train::events::FitEvent;
use cfa_train::training::trained_on;
use clap::Args;

use crate::good_names::{GoodNameArgument, SimilarArgument};
use crate::limits::LimitArguments;
use crate::model::ModelArgs;
use crate::onnxruntime::OnnxRuntimeArgument;
use crate::progress::{Progress, calibrated, depth, print_json};

#[derive(Args)]
pub(crate) struct CalibrateArguments {
    #[command(flatten)]
    model: ModelArgs,
    /// Folder of pictures of good parts that the model was not trained on. Equal and nearly
    /// equal pictures count once
    #[arg(long, value_name = "DIR")]
    good: PathBuf,
    #[command(flatten)]
    good_names: GoodNameArgument,
    /// Folder of pictures of defective parts, in it and in the folders below
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
    #[command(flatten)]
    similar: SimilarArgument,
    /// Leave out broken pictures instead of stopping
    #[arg(long)]
    skip_bad: bool,
    /// Print the calibration as JSON, and what became of the pictures on a second line
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
    let manifest = open_to_replace(arguments.model.path()?)?
        .into_parts()
        .manifest;
    let (request, data) = arguments.request(&manifest, &progress)?;
    let pictures = request.good.len() + request.defective.len();
    let runtime = arguments.onnxruntime.load()?;
    progress.start("calibrating", pictures);
    let cancellation = progress.cancellation();
    let calibrated_bundle = calibrate(&request, &runtime, &cancellation, &mut || {
        progress.advance();
    });
    progress.finish();
    let Calibrated {
        calibration,
        left_out,
    } = calibrated_bundle.map_err(with_remedy)?;
    // Told with --json, too.
    for picture in left_out {
        eprintln!("warning: skipped {picture}");
    }
    if arguments.json {
        print_json(&calibration);
        print_json(&FitEvent::Data(data));
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
    progress.say(&data.to_string());
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

/// A warning when good pictures are among those that the model was trained on.
fn warning_of_training_pictures(manifest: &Manifest, good: &[PathBuf]) -> Result<Option<String>> {
    let count = trained_on(manifest, good)?.filter(|&count| count > 0);
    Ok(count.map(|count| {
        format!(
            "the model was trained on {count} of the {} good pictures: their scores are too low, and the \
             threshold will reject more good parts than it says; give --good others",
            good.len()
        )
    }))
}

impl CalibrateArguments {
    fn request(
        &self,
        manifest: &Manifest,
        progress: &Progress,
    ) -> Result<(CalibrateRequest, DataAccount)> {
        let preprocessing = &manifest.preprocessing;
        let dataset = Dataset::discover_good(&self.good, &self.good_names.names())?;
        let found = match &self.defective {
            Some(folder) => Dataset::discover_defective(folder)?,
            None => Vec::new(),
        };
        let good = self.check(&dataset.train_good, preprocessing, progress)?;
        let defective = self.check(&found, preprocessing, progress)?;
        let copies = good.copies(self.similar.count_similar);
        let mut account = DataAccount::of_calibration(&dataset, (&good, &copies), &defective);
        account
            .remarks
            .extend(warning_of_training_pictures(manifest, &good.good)?);
        let request = CalibrateRequest {
            bundle: self.model.path()?.to_owned(),
            good: copies.distinct(&good.good),
            defective: defective.good,
            picture_limits: self.limits.limits(),
            skip_bad: self.skip_bad,
            rule: match (self.f1_max, self.false_reject_rate) {
                (true, _) => RuleChoice::F1Max,
                (false, Some(rate)) => RuleChoice::FalseRejectRate {
                    rate,
                    review_rate: self.review_rate,
                },
                (false, None) => RuleChoice::Usual,
            },
        };
        Ok((request, account))
    }

    fn check(
        &self,
        found: &[PathBuf],
        preprocessing: &Preprocessing,
        progress: &Progress,
    ) -> Result<CheckedPictures> {
        let (limits, cancellation) = (self.limits.limits(), progress.cancellation());
        let checked = check_pictures(found, preprocessing, limits, self.skip_bad, &cancellation)?;
        for picture in &checked.bad {
            progress.say(&format!("skipped {picture}"));
        }
        for finding in checked.depths.findings(preprocessing.parts().white_level) {
            progress.say(&depth(finding));
        }
        Ok(checked)
    }
}
