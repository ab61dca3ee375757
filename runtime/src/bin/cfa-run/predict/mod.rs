//! `cfa-run predict`: pictures in, scores and maps out.

mod decision;
mod inputs;
mod json_line;
mod listing;
mod saving;

use std::io::{self, IsTerminal, Write, stdout};
use std::path::PathBuf;

use anyhow::{Result, bail};
use cfa_runtime::bundle::HeatmapRange;
use cfa_runtime::{Inspector, InspectorOptions};
use clap::value_parser;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::Outcome;
use crate::onnx_runtime::LibraryArgs;
use crate::provider::{self, ProviderArgs};
use decision::DecisionArgs;
use inputs::{Input, Inputs};
use listing::Listing;
use saving::{Artefact, Saver};

/// Fewer pictures than this need no progress bar.
const MANY_PICTURES: usize = 5;

/// Arguments of `cfa-run predict`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Bundle file (.cfa)
    #[arg(long, value_name = "BUNDLE")]
    model: PathBuf,
    /// Pictures, folders (searched with all below them) or glob patterns
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Folder for saved files; made if missing
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// What to save for each picture, below --out
    #[arg(long, value_delimiter = ',', requires = "out", value_name = "WHAT")]
    save: Vec<Artefact>,
    /// One JSON object a line instead of a table
    #[arg(long)]
    json: bool,
    /// Threads to compute with [default: as many as the machine has]
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Value shown in the brightest colour [default: from the bundle]
    #[arg(long, value_name = "V", allow_negative_numbers = true)]
    heatmap_max: Option<f32>,
    #[command(flatten)]
    decision: DecisionArgs,
    #[command(flatten)]
    library: LibraryArgs,
    #[command(flatten)]
    provider: ProviderArgs,
}

pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let runtime = args.library.load(args.provider.choice())?;
    let options = InspectorOptions {
        threads: args.threads.map(usize::from),
        provider: args.provider.options(),
        decision: args.decision.options(),
        ..InspectorOptions::default()
    };
    let mut inspector = provider::open(&args.model, &runtime, &options)?;
    // JSON says `null` in each line.
    if inspector.rule().is_none() && !args.json {
        eprintln!(
            "warning: the model has no thresholds, so nothing is judged; give --threshold, \
             or calibrate it with `cfa-train calibrate`"
        );
    }
    let range = heatmap_range(inspector.manifest().heatmap_range, args.heatmap_max)?;
    let inputs = Inputs::find(&args.paths);
    let saver = args
        .out
        .as_deref()
        .map(|folder| Saver::new(folder, &args.save, range, &inputs));
    predict_all(args, &mut inspector, &inputs, saver)
}

fn predict_all(
    args: &Args,
    inspector: &mut Inspector,
    inputs: &Inputs,
    mut saver: Option<Saver>,
) -> Result<Outcome> {
    let calibrated = !inspector.manifest().calibration.good_scores.is_empty();
    let judged = calibrated || inspector.rule().is_some();
    let mut listing = Listing::new(args.json, inputs, judged);
    let mut outcome = Outcome::Fine;
    let bar = progress_bar(inputs.pictures.len(), args.json);
    for (path, error) in &inputs.failures {
        outcome = Outcome::Failed;
        bar.suspend(|| listing.failure(&mut stdout().lock(), path, error))?;
    }
    for input in &inputs.pictures {
        let line = predict_one(inspector, input, saver.as_mut());
        bar.suspend(|| {
            let mut out = stdout().lock();
            match &line {
                Ok((inspection, saved)) => {
                    outcome = outcome.max(decision::outcome(inspection));
                    listing.success(&mut out, &input.path, inspection, saved)
                }
                Err(error) => {
                    outcome = Outcome::Failed;
                    listing.failure(&mut out, &input.path, error)
                }
            }?;
            out.flush()
        })?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(outcome)
}

fn predict_one(
    inspector: &mut Inspector,
    input: &Input,
    saver: Option<&mut Saver>,
) -> Result<(cfa_runtime::Inspection, saving::Saved)> {
    let inspection = inspector.inspect_path(&input.path)?;
    let saved = match saver {
        Some(saver) => saver.save(input, &inspection)?,
        None => saving::Saved::default(),
    };
    Ok((inspection, saved))
}

fn heatmap_range(recorded: HeatmapRange, high: Option<f32>) -> Result<HeatmapRange> {
    let range = HeatmapRange {
        high: high.unwrap_or(recorded.high),
        ..recorded
    };
    if !(range.high.is_finite() && range.high > range.low) {
        bail!(
            "--heatmap-max {} must be a number above {}, the value of the darkest colour",
            range.high,
            range.low
        );
    }
    Ok(range)
}

/// Visible only where a person waits for many pictures.
fn progress_bar(pictures: usize, json: bool) -> ProgressBar {
    let watched = pictures >= MANY_PICTURES && !json && io::stderr().is_terminal();
    let target = if watched {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} pictures, {eta} left");
    let bar = ProgressBar::with_draw_target(Some(pictures as u64), target);
    bar.with_style(style.unwrap_or_else(|_template| ProgressStyle::default_bar()))
}
