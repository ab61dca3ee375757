//! `cfa-run predict`: pictures in, scores and maps out.

mod decision;
mod json_line;
mod listing;
mod report;
mod saving;
mod standard_input;

use std::io::{BufReader, stdin};
use std::path::PathBuf;
use std::sync::mpsc;

use anyhow::{Result, bail};
use cfa_runtime::bundle::HeatmapRange;
use cfa_runtime::inspector::InspectError;
use cfa_runtime::network::LARGEST_BATCH;
use cfa_runtime::picture::DamageRule;
use cfa_runtime::{Inspection, Inspector, InspectorOptions};
use clap::value_parser;

use crate::Outcome;
use crate::inputs::{Input, Inputs};
use crate::onnx_runtime::LibraryArgs;
use crate::provider::{self, ProviderArgs};
use decision::DecisionArgs;
use report::Report;
use saving::{Artefact, Saved, Saver};
use standard_input::NamedPictures;

/// Arguments of `cfa-run predict`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Bundle file (.cfa)
    #[arg(long, value_name = "BUNDLE")]
    model: PathBuf,
    /// Pictures, folders (searched with all below them) or glob patterns; - reads paths of
    /// more pictures from standard input, one a line, and answers each before it waits for
    /// the next
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
    /// Inspect damaged pictures all the same, and say of each what is wrong with it
    #[arg(long)]
    accept_damaged: bool,
    /// Threads for the network and as many for the rest [default: as many as the machine
    /// has]
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Pictures that may go through the network in one run; it never waits for more to come
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u8).range(1..=LARGEST_BATCH as i64))]
    batch: u8,
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
        head: args.provider.head(),
        batch: Some(usize::from(args.batch)),
        damage: if args.accept_damaged {
            DamageRule::Accept
        } else {
            DamageRule::Refuse
        },
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
    predict_all(args, &mut inspector, inputs, saver)
}

fn predict_all(
    args: &Args,
    inspector: &mut Inspector,
    mut inputs: Inputs,
    mut saver: Option<Saver>,
) -> Result<Outcome> {
    let calibrated = !inspector.manifest().calibration.good_scores.is_empty();
    let judged = calibrated || inspector.rule().is_some();
    let mut report = Report::new(args.json, &inputs, judged);
    for (path, error) in std::mem::take(&mut inputs.failures) {
        if report.add(&path, Err(error))?.is_break() {
            return Ok(report.outcome());
        }
    }
    let (unreadable, ended_by) = mpsc::channel();
    let pictures =
        pictures(inputs).map_while(move |input| input.map_err(|e| unreadable.send(e)).ok());
    for (input, inspection) in inspector.inspect_each(pictures)? {
        let line = with_files(&input, inspection, saver.as_mut());
        if report.add(&input.path, line)?.is_break() {
            return Ok(report.outcome());
        }
    }
    ended_by.try_recv().map_or(Ok(report.outcome()), Err)
}

/// Those found, then those named on standard input if it was asked for.
fn pictures(inputs: Inputs) -> impl Iterator<Item = Result<Input>> + Send {
    let named = inputs
        .standard_input
        .then(|| NamedPictures::new(BufReader::new(stdin())));
    let found = inputs.pictures.into_iter().map(Ok);
    found.chain(named.into_iter().flatten())
}

/// The result of one picture, and what was saved for it.
fn with_files(
    input: &Input,
    inspection: Result<Inspection, InspectError>,
    saver: Option<&mut Saver>,
) -> Result<(Inspection, Saved)> {
    let inspection = inspection?;
    let saved = saver.map_or(Ok(Saved::default()), |saver| saver.save(input, &inspection))?;
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
