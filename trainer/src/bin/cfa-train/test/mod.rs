//! `cfa-train test`.

mod pictures;
mod remarks;
mod table;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use cfa_runtime::Cancellation;
use cfa_runtime::bundle::Bundle;
use cfa_runtime::inspector::{Inspector, InspectorOptions};
use cfa_runtime::picture::Limits;
use cfa_runtime::preprocess::Preprocessing;
use cfa_train::dataset::{DataAccount, Dataset, TestPicture, fingerprints};
use cfa_train::evaluation::report::{ReportSettings, write_report};
use cfa_train::evaluation::{
    CheckedTest, Evaluation, LeftOut, MapFolder, MapFolderError, check, evaluate,
};
use clap::Args;
use indicatif::ProgressBar;
use serde::Serialize;

use crate::limits::LimitArguments;
use crate::model::ModelArgs;
use crate::onnxruntime::OnnxRuntimeArgument;
use crate::progress::print_json;
use crate::skip_bad;
use pictures::{PictureArguments, whole};

#[derive(Args)]
pub(crate) struct TestArguments {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    pictures: PictureArguments,
    /// Leave out pictures that are broken or have a broken mask instead of stopping
    #[arg(long)]
    skip_bad: bool,
    /// Print the figures, and what became of the pictures, as one JSON object
    #[arg(long)]
    json: bool,
    /// Write an HTML page with figures, curves, the worst misses and false alarms
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Show every picture in the report
    #[arg(long, requires = "report")]
    report_all: bool,
    /// Write the maps as MVTec's evaluation reads them:
    /// `<DIR>/<name of the data folder>/test/<defect>/<picture>.tiff`
    #[arg(long, value_name = "DIR")]
    tiff: Option<PathBuf>,
    #[command(flatten)]
    onnxruntime: OnnxRuntimeArgument,
    #[command(flatten)]
    limits: LimitArguments,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Output<'a> {
    #[serde(flatten)]
    evaluation: &'a Evaluation,
    /// Pictures that were left out before the work began, as `--skip-bad` allows.
    left_out: &'a [LeftOut],
    /// What became of the pictures.
    data: &'a DataAccount,
    /// SHA-256 of the bundle file.
    model: &'a str,
}

/// Maps that could not be written; the first few are told.
#[derive(Default)]
struct LostMaps {
    count: usize,
    first: Option<MapFolderError>,
}

pub(crate) fn run(arguments: &TestArguments) -> Result<()> {
    let dataset = arguments.pictures.find()?;
    let maps = arguments.map_folder(&dataset.test)?;
    arguments.require_report_folder()?;
    let library = arguments.onnxruntime.load()?;
    let bundle = Bundle::open(arguments.model.path()?)?;
    let model = bundle.digest_hex().to_owned();
    let options = InspectorOptions {
        limits: arguments.limits.limits(),
        ..InspectorOptions::default()
    };
    let checked = arguments.check(&dataset.test, &bundle.manifest().preprocessing)?;
    let data = account(
        &dataset,
        &checked,
        &bundle.manifest().preprocessing,
        options.limits,
    )?;
    let mut inspector = Inspector::from_bundle(bundle, &library, &options)?;
    let (evaluation, lost) =
        arguments.evaluate(&mut inspector, &checked.pictures, maps.as_ref())?;
    if let Some(remark) = masks_without_orientation(&evaluation) {
        eprintln!("warning: {remark}");
    }
    if arguments.json {
        print_json(&Output {
            evaluation: &evaluation,
            left_out: &checked.left_out,
            data: &data,
            model: &model,
        });
    } else {
        let text = table::text(&evaluation) + &remarks::text(&evaluation, &checked.left_out);
        // A reader that has gone away does not keep the report from being written.
        let text = format!("{text}\n{data}\n");
        let _ = io::stdout().write_all(text.as_bytes());
    }
    arguments.write_report(&mut inspector, &evaluation, model)?;
    complete(&evaluation, lost)
}

/// Fails when something got lost on the way, after all that was found has been told.
fn complete(evaluation: &Evaluation, lost: LostMaps) -> Result<()> {
    if let Some(first) = lost.first {
        let count = lost.count;
        return Err(first).with_context(|| {
            format!("the figures are complete, but {count} maps were not written; the first one")
        });
    }
    if let Some(first) = evaluation.failed.first() {
        bail!(
            "{} pictures could not be inspected after all and are in no figure; the first one: {first}",
            evaluation.failed.len()
        );
    }
    Ok(())
}

/// Compares the checked pictures with those to train on, if they are there.
fn account(
    dataset: &Dataset,
    checked: &CheckedTest,
    preprocessing: &Preprocessing,
    limits: Limits,
) -> Result<DataAccount> {
    let training = fingerprints(
        &dataset.train_good,
        preprocessing,
        limits,
        &Cancellation::new(),
    )?;
    let trained =
        |(place, fingerprint): (usize, _)| (dataset.train_good[place].clone(), fingerprint);
    let (paths, training): (Vec<_>, Vec<_>) = training.into_iter().map(trained).unzip();
    Ok(DataAccount::of_test(
        dataset,
        (&paths, &training),
        &checked.fingerprints,
    ))
}

impl TestArguments {
    fn map_folder(&self, pictures: &[TestPicture]) -> Result<Option<MapFolder>> {
        let (folder, data) = (self.tiff.as_deref(), self.pictures.folder());
        let maps = folder.map(|folder| MapFolder::new(folder, &data, pictures));
        Ok(maps.transpose()?)
    }

    /// Said before the long work, and not after.
    fn require_report_folder(&self) -> Result<()> {
        let Some(report) = &self.report else {
            return Ok(());
        };
        let folder = report.parent().filter(|folder| *folder != Path::new(""));
        ensure!(
            folder.is_none_or(Path::is_dir) && !report.is_dir(),
            "{}: cannot be written; --report takes the name of a file in a folder that exists",
            report.display()
        );
        Ok(())
    }

    /// Looks at all pictures and masks before the long work.
    fn check(
        &self,
        pictures: &[TestPicture],
        preprocessing: &Preprocessing,
    ) -> Result<CheckedTest> {
        let limits = self.limits.limits();
        let cancellation = Cancellation::new();
        let checked = check(
            pictures,
            preprocessing,
            limits,
            self.skip_bad,
            &cancellation,
        );
        checked
            .map_err(skip_bad::with_remedy)
            .with_context(|| self.pictures.folder().display().to_string())
    }

    /// A map that cannot be written does not cost the figures.
    fn evaluate(
        &self,
        inspector: &mut Inspector,
        pictures: &[TestPicture],
        maps: Option<&MapFolder>,
    ) -> Result<(Evaluation, LostMaps)> {
        let bar = ProgressBar::new(pictures.len() as u64);
        let mut lost = LostMaps::default();
        let mut remark = None;
        let cancellation = Cancellation::new();
        let result = evaluate(
            inspector,
            pictures,
            &cancellation,
            &mut |picture, inspection| {
                remark = remark.or(inspection.depth_remark);
                if let Some(Err(error)) = maps.map(|maps| maps.write(picture, inspection)) {
                    lost.count += 1;
                    lost.first.get_or_insert(error);
                }
                bar.inc(1);
            },
        );
        bar.finish_and_clear();
        if let Some(remark) = remark {
            eprintln!("warning: {remark} (said once)");
        }
        let evaluation = result.with_context(|| self.pictures.folder().display().to_string())?;
        Ok((evaluation, lost))
    }

    fn write_report(
        &self,
        inspector: &mut Inspector,
        evaluation: &Evaluation,
        model_sha256: String,
    ) -> Result<()> {
        let Some(path) = &self.report else {
            return Ok(());
        };
        let settings = ReportSettings {
            title: format!("{}: inspection report", name_of(&self.pictures.folder())),
            model_file: name_of(self.model.path()?),
            model_sha256,
            all_pictures: self.report_all,
        };
        let bar = ProgressBar::new(0);
        let result = write_report(path, inspector, evaluation, &settings, &mut |done, of| {
            bar.set_length(of as u64);
            bar.set_position(done as u64);
        });
        bar.finish_and_clear();
        Ok(result?)
    }
}

/// What a user should know of masks whose pictures were turned.
fn masks_without_orientation(evaluation: &Evaluation) -> Option<String> {
    let masks = &evaluation.masks_without_orientation;
    let first = masks.first()?;
    Some(format!(
        "{} pictures are turned by their orientation and their masks carry none ({} is the \
         first); the masks were taken as drawn on the turned pictures",
        masks.len(),
        first.display()
    ))
}

/// The last part of a path, also of `.`.
fn name_of(path: &Path) -> String {
    let whole = whole(path);
    let name = whole.file_name().unwrap_or(whole.as_os_str());
    name.to_string_lossy().into_owned()
}
