//! `cfa-train test`.

mod pictures;
mod table;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use cfa_runtime::bundle::Bundle;
use cfa_runtime::inspector::{Inspector, InspectorOptions};
use cfa_runtime::preprocess::Preprocessing;
use cfa_train::dataset::{DataAccount, Dataset, TestPicture, fingerprints};
use cfa_train::evaluation::{Evaluation, MapFolder, evaluate};
use cfa_train::fit::FitEvent;
use cfa_train::report::{ReportSettings, write_report};
use clap::Args;
use indicatif::ProgressBar;
use serde::Serialize;

use crate::onnxruntime::OnnxRuntimeArgument;
use crate::progress::print_json;
use pictures::{PictureArguments, whole};

#[derive(Args)]
pub(crate) struct TestArguments {
    /// The bundle to evaluate
    #[arg(long)]
    model: PathBuf,
    #[command(flatten)]
    pictures: PictureArguments,
    /// Print the figures as one JSON object, and what became of the pictures as another on
    /// standard error
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
}

/// What `--json` prints.
#[derive(Serialize)]
struct Output<'a> {
    #[serde(flatten)]
    evaluation: &'a Evaluation,
    /// SHA-256 of the bundle file.
    model: &'a str,
}

pub(crate) fn run(arguments: &TestArguments) -> Result<()> {
    let dataset = arguments.pictures.find()?;
    let maps = arguments.map_folder(&dataset.test)?;
    arguments.require_report_folder()?;
    let library = arguments.onnxruntime.load()?;
    let bundle = Bundle::open(&arguments.model)?;
    let model = bundle.digest_hex().to_owned();
    let data = account(&dataset, &bundle.manifest.preprocessing)?;
    let mut inspector = Inspector::from_bundle(bundle, &library, &InspectorOptions::default())?;
    let evaluation = arguments.evaluate(&mut inspector, &dataset.test, maps.as_ref())?;
    if arguments.json {
        print_json(&Output {
            evaluation: &evaluation,
            model: &model,
        });
        // Standard output is one object, which programs read as a whole.
        eprintln!("{}", serde_json::to_string(&FitEvent::Data(data))?);
    } else {
        // A reader that has gone away does not keep the report from being written.
        let text = format!("{}\n{data}\n", table::text(&evaluation));
        let _ = io::stdout().write_all(text.as_bytes());
    }
    arguments.write_report(&mut inspector, &evaluation, model)
}

/// Looks at the pictures once before the work, and at those to train on if they are there.
fn account(dataset: &Dataset, preprocessing: &Preprocessing) -> Result<DataAccount> {
    let paths: Vec<PathBuf> = dataset
        .test
        .iter()
        .map(|picture| picture.path.clone())
        .collect();
    let test = fingerprints(&paths, preprocessing, &mut || true)?;
    let training = fingerprints(&dataset.train_good, preprocessing, &mut || true)?;
    let trained =
        |(place, fingerprint): (usize, _)| (dataset.train_good[place].clone(), fingerprint);
    let (paths, training): (Vec<_>, Vec<_>) = training.into_iter().map(trained).unzip();
    Ok(DataAccount::of_test(dataset, (&paths, &training), &test))
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

    fn evaluate(
        &self,
        inspector: &mut Inspector,
        pictures: &[TestPicture],
        maps: Option<&MapFolder>,
    ) -> Result<Evaluation> {
        let bar = ProgressBar::new(pictures.len() as u64);
        let result = evaluate(inspector, pictures, &mut |picture, inspection| {
            if let Some(maps) = maps {
                maps.write(picture, inspection)?;
            }
            bar.inc(1);
            Ok(())
        });
        bar.finish_and_clear();
        result.with_context(|| self.pictures.folder().display().to_string())
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
            model_file: name_of(&self.model),
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

/// The last part of a path, also of `.`.
fn name_of(path: &Path) -> String {
    let whole = whole(path);
    let name = whole.file_name().unwrap_or(whole.as_os_str());
    name.to_string_lossy().into_owned()
}
