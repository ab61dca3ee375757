//! `cfa-train test`.

mod pictures;
mod table;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use cfa_runtime::bundle::Bundle;
use cfa_runtime::inspector::{Inspector, InspectorOptions};
use cfa_train::dataset::TestPicture;
use cfa_train::evaluation::{Evaluation, MapFolder, evaluate};
use cfa_train::report::{ReportSettings, write_report};
use clap::Args;
use indicatif::ProgressBar;
use serde::Serialize;

use crate::limits::LimitArguments;
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
    /// Print the figures as one JSON object
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
    /// SHA-256 of the bundle file.
    model: &'a str,
}

pub(crate) fn run(arguments: &TestArguments) -> Result<()> {
    let pictures = arguments.pictures.find()?;
    let maps = arguments.map_folder(&pictures)?;
    arguments.require_report_folder()?;
    let library = arguments.onnxruntime.load()?;
    let bundle = Bundle::open(&arguments.model)?;
    let model = bundle.digest_hex().to_owned();
    let options = InspectorOptions {
        limits: arguments.limits.limits(),
        ..InspectorOptions::default()
    };
    let mut inspector = Inspector::from_bundle(bundle, &library, &options)?;
    let evaluation = arguments.evaluate(&mut inspector, &pictures, maps.as_ref())?;
    if let Some(remark) = masks_without_orientation(&evaluation) {
        eprintln!("warning: {remark}");
    }
    if arguments.json {
        let evaluation = &evaluation;
        let model = &model;
        print_json(&Output { evaluation, model });
    } else {
        // A reader that has gone away does not keep the report from being written.
        let _ = io::stdout().write_all(table::text(&evaluation).as_bytes());
    }
    arguments.write_report(&mut inspector, &evaluation, model)
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
        let mut remark = None;
        let result = evaluate(inspector, pictures, &mut |picture, inspection| {
            remark = remark.or(inspection.depth_remark);
            if let Some(maps) = maps {
                maps.write(picture, inspection)?;
            }
            bar.inc(1);
            Ok(())
        });
        bar.finish_and_clear();
        if let Some(remark) = remark {
            eprintln!("warning: {remark} (said once)");
        }
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
