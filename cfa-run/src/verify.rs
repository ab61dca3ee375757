//! `cfa-run verify`: the recorded results, replayed.

use std::io::{self, Write, stdout};

use anyhow::Result;
use cfa_runtime::verify::{SampleReport, VerifyReport, replay};
use cfa_runtime::{HeadPlacement, InspectorOptions, Provider};
use serde_json::json;

use crate::model::ModelArgs;
use crate::onnx_runtime::LibraryArgs;
use crate::provider::{self, ProviderArgs};
use crate::{Outcome, printed, say};

/// Arguments of `cfa-run verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// One JSON object a line instead of a table
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    library: LibraryArgs,
    #[command(flatten)]
    provider: ProviderArgs,
}

pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let model = args.model.path()?;
    let runtime = args.library.load(args.provider.choice())?;
    let options = InspectorOptions {
        provider: args.provider.options(),
        head: args.provider.head(),
        core_affinity: args.provider.core_affinity(),
        ..InspectorOptions::default()
    };
    let mut inspector = provider::open(model, &runtime, &options)?;
    let by = (inspector.provider(), inspector.head());
    let report = replay(&mut inspector)?;
    printed(print(&report, by, args.json))?;
    if report.samples.is_empty() {
        say(&format!(
            "error: {} holds no golden samples, so nothing can be verified",
            model.display()
        ));
    }
    Ok(if report.ok() {
        Outcome::Fine
    } else {
        Outcome::Failed
    })
}

/// Who computed, and where the head was computed.
type By = (Provider, HeadPlacement);

fn print(report: &VerifyReport, by: By, json: bool) -> io::Result<()> {
    let line = if json { json_line } else { text_line };
    let mut out = stdout().lock();
    for sample in &report.samples {
        writeln!(out, "{}", line(sample, by))?;
    }
    Ok(())
}

fn json_line(sample: &SampleReport, (by, head): By) -> String {
    json!({
        "name": sample.name,
        "expected_score": sample.expected_score,
        "score": sample.score,
        "largest_map_error": sample.largest_map_error,
        "tolerance": sample.tolerance,
        "ok": sample.ok,
        "provider": by.name(),
        "head": head.name(),
    })
    .to_string()
}

fn text_line(sample: &SampleReport, (by, head): By) -> String {
    let by = provider::computed_by(by, head);
    format!(
        "{:<9} score {:.6}, recorded {:.6}; map differs by {:.1e} at most, {:.1e} allowed ({by})  {}",
        if sample.ok { "ok" } else { "DIFFERENT" },
        sample.score,
        sample.expected_score,
        sample.largest_map_error,
        sample.tolerance,
        sample.name,
    )
}
