//! `cfa-run verify`: the recorded results, replayed.

use std::io::{Write, stdout};
use std::path::PathBuf;

use anyhow::Result;
use cfa_runtime::verify::{SampleReport, replay};
use cfa_runtime::{Inspector, InspectorOptions};
use serde_json::json;

use crate::Outcome;
use crate::onnx_runtime::LibraryArgs;

/// Arguments of `cfa-run verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Bundle file (.cfa)
    bundle: PathBuf,
    /// One JSON object a line instead of a table
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    library: LibraryArgs,
}

pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let runtime = args.library.load()?;
    let mut inspector = Inspector::open(&args.bundle, &runtime, &InspectorOptions::default())?;
    let report = replay(&mut inspector)?;
    let mut out = stdout().lock();
    for sample in &report.samples {
        writeln!(
            out,
            "{}",
            if args.json {
                json_line(sample)
            } else {
                text_line(sample)
            }
        )?;
    }
    if report.samples.is_empty() {
        eprintln!(
            "error: {} holds no golden samples, so nothing can be verified",
            args.bundle.display()
        );
    }
    Ok(if report.ok() {
        Outcome::Fine
    } else {
        Outcome::Failed
    })
}

fn json_line(sample: &SampleReport) -> String {
    json!({
        "name": sample.name,
        "expected_score": sample.expected_score,
        "score": sample.score,
        "largest_map_error": sample.largest_map_error,
        "tolerance": sample.tolerance,
        "ok": sample.ok,
    })
    .to_string()
}

fn text_line(sample: &SampleReport) -> String {
    format!(
        "{:<9} score {:.6}, recorded {:.6}; map differs by {:.1e} at most, {:.1e} allowed  {}",
        if sample.ok { "ok" } else { "DIFFERENT" },
        sample.score,
        sample.expected_score,
        sample.largest_map_error,
        sample.tolerance,
        sample.name,
    )
}
