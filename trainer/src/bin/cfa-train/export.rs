//! `cfa-train export`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use anyhow::Result;
use cfa_runtime::preprocess::Size;
use cfa_train::export::{OnnxFullRequest, OnnxFullSummary, export_onnx_full};
use cfa_train::onnx::FullInput;
use clap::{Args, ValueEnum};

use crate::fit::parse_size;
use crate::onnxruntime::OnnxRuntimeArgument;
use crate::progress::print_json;

const BYTES_PER_MIB: f64 = 1_048_576.0;

#[derive(Args)]
pub(crate) struct ExportArguments {
    /// The bundle to export
    bundle: PathBuf,
    /// What to make of it
    #[arg(long)]
    format: Format,
    /// The file to write
    #[arg(long)]
    out: PathBuf,
    /// Take pictures of this size only: `SIDE` or `HEIGHTxWIDTH`, pixels; default: any
    #[arg(long, value_parser = parse_size)]
    input_size: Option<Size>,
    /// What was written and checked as one JSON object instead of text
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    onnxruntime: OnnxRuntimeArgument,
}

/// Formats for programs that do not use `cfa_runtime`.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// One ONNX file: `input` (N×3×H×W, RGB, 0…1) to `pred_score` and `anomaly_map`
    OnnxFull,
}

pub(crate) fn run(arguments: &ExportArguments) -> Result<()> {
    let Format::OnnxFull = arguments.format;
    refuse_own_input(&arguments.bundle, &arguments.out)?;
    let request = OnnxFullRequest {
        bundle: arguments.bundle.clone(),
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
