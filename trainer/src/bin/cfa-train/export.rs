//! `cfa-train export`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use anyhow::Result;
use cfa_runtime::preprocess::Size;
use cfa_train::export::onnx::FullInput;
use cfa_train::export::{OnnxFullRequest, OnnxFullSummary, export_onnx_full};
use clap::{ArgGroup, Args, ValueEnum};

use crate::fit::parse_size;
use crate::model::ModelArgs;
use crate::onnxruntime::OnnxRuntimeArgument;
use crate::progress::print_json;
use crate::reduce::{self, PrecisionArguments};

const BYTES_PER_MIB: f64 = 1_048_576.0;

#[derive(Args)]
#[command(group(ArgGroup::new("result").required(true).args(["format", "precision"])))]
pub(crate) struct ExportArguments {
    #[command(flatten)]
    model: ModelArgs,
    /// Write it in a format for other programs
    #[arg(long)]
    format: Option<Format>,
    /// The file to write
    #[arg(long)]
    out: PathBuf,
    /// With --format: take pictures of this size only: `SIDE` or `HEIGHTxWIDTH`, pixels;
    /// default: any
    #[arg(long, value_parser = parse_size, conflicts_with = "precision")]
    input_size: Option<Size>,
    /// What was written and checked as one JSON object instead of text
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    onnxruntime: OnnxRuntimeArgument,
    #[command(flatten)]
    precision: PrecisionArguments,
}

/// Formats for programs that do not use `cfa_runtime`.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// One ONNX file: `input` (N×3×H×W, RGB, 0…1) to `pred_score` and `anomaly_map`
    OnnxFull,
}

pub(crate) fn run(arguments: &ExportArguments) -> Result<()> {
    let (bundle, out) = (arguments.model.path()?, &arguments.out);
    refuse_own_input(bundle, out)?;
    if let Some(precision) = arguments.precision.precision {
        let machine = (arguments.json, &arguments.onnxruntime);
        return reduce::run(&arguments.precision, precision, bundle, out, machine);
    }
    onnx_full(arguments)
}

fn onnx_full(arguments: &ExportArguments) -> Result<()> {
    let request = OnnxFullRequest {
        bundle: arguments.model.path()?.to_owned(),
        out: arguments.out.clone(),
        input: arguments
            .input_size
            .map_or(FullInput::Any, FullInput::Fixed),
        threads: available_parallelism().map_or(1, NonZeroUsize::get),
    };
    let summary = export_onnx_full(&request, &arguments.onnxruntime.load()?)?;
    if arguments.json {
        print_json(&summary);
    } else {
        describe(&summary);
    }
    Ok(())
}

/// A result must not replace what it is made from.
pub(crate) fn refuse_own_input(input: &Path, out: &Path) -> Result<()> {
    let same = matches!((input.canonicalize(), out.canonicalize()), (Ok(a), Ok(b)) if a == b);
    anyhow::ensure!(
        !same,
        "--out {} is the input itself; name another file",
        out.display()
    );
    Ok(())
}

fn describe(summary: &OnnxFullSummary) {
    for check in &summary.checks {
        eprintln!(
            "{}: score {}, map within {:.1e} and score within {:.1e} of the runtime's",
            check.name, check.score, check.map_error, check.score_error
        );
    }
    let size = summary.bytes as f64 / BYTES_PER_MIB;
    eprintln!("wrote {} ({size:.1} MiB)", summary.file.display());
}
