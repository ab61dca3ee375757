//! `cfa-train export --precision`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cfa_runtime::bundle::{Bundle, NetworkPrecision};
use cfa_runtime::preprocess::Preprocessing;
use cfa_train::dataset::{CheckedPictures, Dataset, GoodNames, TestPicture, check_pictures};
use cfa_train::destination::check_destination;
use cfa_train::evaluation::check;
use cfa_train::export::{
    CalibrationFate, CostLimits, ReducedExportError, ReducedRequest, ReducedSummary, ReductionCost,
    export_reduced,
};
use cfa_train::training::TrainingIdentity;
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::limits::LimitArguments;
use crate::onnxruntime::OnnxRuntimeArgument;
use crate::progress::{Progress, depth};
use crate::skip_bad;

const BYTES_PER_MIB: f64 = 1_048_576.0;

/// Number formats for the backbone.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Precision {
    /// 8-bit integers: less than half the time on CPUs with VNNI; needs --data
    Int8,
    /// 16-bit weights: half the file, the time of f32 on CPUs
    Fp16,
}

/// What --precision needs beside a bundle.
#[derive(Args)]
pub(crate) struct PrecisionArguments {
    /// Write the bundle again with a smaller network, and report what that costs
    #[arg(long)]
    pub(crate) precision: Option<Precision>,
    /// With --precision: the folder of the training, for ranges, cost and calibration
    #[arg(long, value_name = "DIR", requires = "precision")]
    data: Option<PathBuf>,
    /// With --precision: labelled pictures in MVTec layout to measure both networks with
    #[arg(long, value_name = "DIR", requires = "precision")]
    test_data: Option<PathBuf>,
    /// With --precision: folders of this name hold good pictures in --data and --test-data,
    /// and no others do; may be repeated [default: good, ok, normal and the like]
    #[arg(long, value_name = "NAME", requires = "precision")]
    good_name: Vec<String>,
    /// With --precision: leave out broken pictures of --data and --test-data instead of stopping
    #[arg(long, requires = "precision")]
    skip_bad: bool,
    /// With --precision: write also what costs more than half a point of AUROC, 5 % of the
    /// good scores on average, or the verdicts of 10 % of the good pictures
    #[arg(long, requires = "precision")]
    force: bool,
    #[command(flatten)]
    picture_limits: LimitArguments,
}

pub(crate) fn run(
    arguments: &PrecisionArguments,
    precision: Precision,
    bundle: &Path,
    out: &Path,
    (json, onnxruntime): (bool, &OnnxRuntimeArgument),
) -> Result<()> {
    let mut progress = Progress::new(json).context("cannot listen for Ctrl-C")?;
    // Before the long work: whether there is a bundle at all, and a place for the other.
    let manifest = Bundle::open(bundle)?.into_parts().manifest;
    // Copies as they were told in the training, so that the same pictures are held out.
    let identity = serde_json::from_value::<TrainingIdentity>(manifest.training);
    let count_similar = identity.is_ok_and(|identity| identity.settings.count_similar);
    check_destination(out)?;
    let good = arguments.good(&manifest.preprocessing, &progress)?;
    let request = ReducedRequest {
        bundle: bundle.to_owned(),
        out: out.to_owned(),
        precision: match precision {
            Precision::Int8 => NetworkPrecision::Int8,
            Precision::Fp16 => NetworkPrecision::Fp16,
        },
        copies: good.copies(count_similar),
        good: good.good,
        labelled: arguments.labelled(&manifest.preprocessing, &progress)?,
        picture_limits: arguments.picture_limits.limits(),
        limits: CostLimits::default(),
        force: arguments.force,
        threads: std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get),
    };
    let (library, cancellation) = (onnxruntime.load()?, progress.cancellation());
    let result = export_reduced(&request, &library, &cancellation, &mut |step| {
        progress.follow(step.what, step.done, step.of);
    });
    progress.finish();
    match result {
        Ok(summary) => told(&progress, &summary),
        Err(error) => return Err(refused(&progress, error)),
    }
    Ok(())
}

impl PrecisionArguments {
    fn names(&self) -> GoodNames {
        GoodNames::only(self.good_name.clone())
    }

    fn good(&self, preprocessing: &Preprocessing, progress: &Progress) -> Result<CheckedPictures> {
        let Some(data) = &self.data else {
            return Ok(CheckedPictures::default());
        };
        let found = Dataset::discover_with(data, &self.names())?.train_good;
        let (limits, cancellation) = (self.picture_limits.limits(), progress.cancellation());
        let checked = check_pictures(&found, preprocessing, limits, self.skip_bad, &cancellation)?;
        for picture in &checked.bad {
            progress.say(&format!("skipped {picture}"));
        }
        for finding in checked.depths.findings(preprocessing.parts().white_level) {
            progress.say(&depth(finding));
        }
        Ok(checked)
    }

    fn labelled(
        &self,
        preprocessing: &Preprocessing,
        progress: &Progress,
    ) -> Result<Vec<TestPicture>> {
        let Some(data) = &self.test_data else {
            return Ok(Vec::new());
        };
        let dataset = Dataset::discover_to_test(data, &self.names())?;
        dataset.require_defects()?;
        let (limits, cancellation) = (self.picture_limits.limits(), progress.cancellation());
        let (test, skip_bad) = (&dataset.test, self.skip_bad);
        let checked = check(test, preprocessing, limits, skip_bad, &cancellation)
            .map_err(skip_bad::with_remedy)?;
        for picture in &checked.left_out {
            progress.say(&format!("skipped {picture}"));
        }
        Ok(checked.pictures)
    }
}

fn told(progress: &Progress, summary: &ReducedSummary) {
    progress.summary(summary);
    progress.say(&table(&summary.cost));
    let calibration = match summary.calibration {
        CalibrationFate::None => "the bundle has no calibration, as before",
        CalibrationFate::Recomputed => "calibration: the held-out pictures were scored again",
        CalibrationFate::Removed => {
            "the old thresholds do not hold for the new scores and could not be found again: \
             give the bundle new ones with `cfa-train calibrate`"
        }
    };
    progress.say(calibration);
    for limit in &summary.exceeded {
        progress.say(&format!("forced: {limit}"));
    }
    let [old, new] = summary.bytes.map(|bytes| bytes as f64 / BYTES_PER_MIB);
    progress.say(&format!(
        "wrote {} ({new:.1} MiB, {old:.1} MiB before)",
        summary.file.display()
    ));
}

/// The figures of a network that costs too much are worth as much as others.
fn refused(progress: &Progress, error: ReducedExportError) -> anyhow::Error {
    if let ReducedExportError::TooCostly { exceeded, cost } = &error {
        progress.summary(&json!({ "refused": exceeded, "cost": cost }));
        progress.say(&table(cost));
    }
    error.into()
}

/// One line a figure: before, after, change.
fn table(cost: &ReductionCost) -> String {
    let mut lines = vec![format!(
        "{:<28}{:>10}{:>10}{:>10}",
        "", "before", "after", "change"
    )];
    let mut pair = |name: &str, digits: usize, values: Option<[f64; 2]>| {
        if let Some([old, new]) = values {
            let change = new - old;
            lines.push(format!(
                "{name:<28}{old:>10.digits$}{new:>10.digits$}{change:>+10.digits$}"
            ));
        }
    };
    pair("image AUROC", 4, cost.labelled.and_then(|l| l.image_auroc));
    pair("pixel AUROC", 4, cost.labelled.and_then(|l| l.pixel_auroc));
    pair("network, median ms", 1, cost.network_ms);
    let percent = |share: f64| format!("{:>29.1} %", 100.0 * share);
    let mut single = |name: &str, value: Option<String>| {
        lines.extend(value.map(|value| format!("{name:<28}{value}")));
    };
    single(
        "good scores, mean change",
        cost.score_change_mean.map(percent),
    );
    single("good scores, largest", cost.score_change_max.map(percent));
    single(
        "golden maps, largest",
        cost.golden_change.map(|change| percent(change.into())),
    );
    let flips = cost.verdict_flips;
    single(
        "other verdicts",
        flips.map(|flips| format!("{:>30}", format!("{flips} of {}", cost.good_pictures))),
    );
    lines.join("\n")
}
