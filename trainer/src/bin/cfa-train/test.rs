//! `cfa-train test`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use cfa_runtime::inspector::{Inspector, InspectorOptions};
use cfa_train::dataset::Dataset;
use cfa_train::evaluation::{Evaluation, evaluate};
use clap::Args;
use indicatif::ProgressBar;

use crate::onnxruntime::OnnxRuntimeArgument;
use crate::progress::print_json;

#[derive(Args)]
pub(crate) struct TestArguments {
    /// The bundle to evaluate
    #[arg(long)]
    model: PathBuf,
    /// Folder in MVTec layout: `test/good`, `test/<defect>`, `ground_truth/<defect>`
    #[arg(long)]
    data: PathBuf,
    /// Print the figures as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    onnxruntime: OnnxRuntimeArgument,
}

pub(crate) fn run(arguments: &TestArguments) -> Result<()> {
    let dataset = Dataset::discover(&arguments.data)?;
    dataset.require_masks()?;
    anyhow::ensure!(
        !dataset.test.is_empty(),
        "{}: there is no test folder; `test` needs test/good and test/<defect>",
        arguments.data.display()
    );
    let library = arguments.onnxruntime.load()?;
    let mut inspector = Inspector::open(&arguments.model, &library, &InspectorOptions::default())?;
    let bar = ProgressBar::new(dataset.test.len() as u64);
    let result = evaluate(&mut inspector, &dataset.test, &mut |_, _| bar.inc(1));
    bar.finish_and_clear();
    let evaluation = result.with_context(|| arguments.data.display().to_string())?;
    if arguments.json {
        print_json(&evaluation);
    } else {
        print_table(&evaluation);
    }
    Ok(())
}

fn print_table(evaluation: &Evaluation) {
    let figure =
        |value: Option<f64>| value.map_or("not available".to_owned(), |v| format!("{v:.4}"));
    println!("image AUROC  {}", figure(evaluation.image_auroc));
    println!("pixel AUROC  {}", figure(evaluation.pixel_auroc));
    println!(
        "pictures     {} ({} defective)",
        evaluation.images, evaluation.defective
    );
}
