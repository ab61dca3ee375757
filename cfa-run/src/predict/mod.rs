//! `cfa-run predict`: pictures in, scores and maps out.

mod artefact;
mod bundle_and_pictures;
mod decision;
mod file_names;
mod interruption;
mod json_line;
mod line;
mod listing;
mod remarks;
mod report;
mod saving;
mod standard_input;

use std::io::{BufReader, stdin};
use std::path::PathBuf;
use std::sync::mpsc;

use anyhow::{Result, bail};
use cfa_runtime::bundle::HeatmapRange;
use cfa_runtime::network::LARGEST_BATCH;
use cfa_runtime::picture::DamageRule;
use cfa_runtime::{Inspector, InspectorOptions};
use clap::value_parser;

use crate::inputs::{Input, Inputs};
use crate::onnx_runtime::LibraryArgs;
use crate::pictures::PictureArgs;
use crate::provider::{self, ProviderArgs};
use crate::{Outcome, say};
use artefact::Artefact;
use bundle_and_pictures::BundleAndPictures;
use decision::DecisionArgs;
use line::Line;
use report::Report;
use saving::{Saved, Saver};
use standard_input::{NamedPictures, PathEnd};

/// Arguments of `cfa-run predict`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    named: BundleAndPictures,
    /// Paths on standard input end with a zero byte instead of a line break
    #[arg(short = '0', long)]
    null: bool,
    /// Folder for saved files; made if missing. It may lie among the pictures: saved files
    /// are never inspected, and no picture is replaced
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
    /// Experimental, not measured on a GPU yet: pictures that may go through the network in
    /// one run; it never waits for more to come
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
    #[command(flatten)]
    pictures: PictureArgs,
}

pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let (model, pictures) = args.named.split()?;
    let runtime = args.library.load(args.provider.choice())?;
    let options = InspectorOptions {
        threads: args.threads.map(usize::from),
        provider: args.provider.options(),
        head: args.provider.head(),
        core_affinity: args.provider.core_affinity(),
        batch: Some(usize::from(args.batch)),
        damage: if args.accept_damaged {
            DamageRule::Accept
        } else {
            DamageRule::Refuse
        },
        limits: args.pictures.limits(),
        white_level: args.pictures.white_level(),
        decision: args.decision.options(),
        keep_pictures: args.save.contains(&Artefact::Overlay),
    };
    let mut inspector =
        provider::open(model, &runtime, &options).map_err(|error| args.named.explained(error))?;
    // JSON says `null` in each line.
    if inspector.rule().is_none() && !args.json {
        say(
            "warning: the model has no thresholds, so nothing is judged; give --threshold, \
             or calibrate it with `cfa-train calibrate`",
        );
    }
    let range = heatmap_range(inspector.manifest().heatmap_range, args.heatmap_max)?;
    let inputs = Inputs::find(pictures);
    let saver = match &args.out {
        Some(folder) => Some(Saver::new(folder, &args.save, range)?),
        None => None,
    };
    predict_all(args, &mut inspector, inputs, saver.as_ref())
}

fn predict_all(
    args: &Args,
    inspector: &mut Inspector,
    mut inputs: Inputs,
    saver: Option<&Saver>,
) -> Result<Outcome> {
    let calibrated = !inspector.manifest().calibration.good_scores.is_empty();
    let judged = calibrated || inspector.rule().is_some();
    let mut report = Report::new(args.json, &mut inputs, judged);
    for (path, error) in std::mem::take(&mut inputs.failures) {
        if report.fail(&path, error)?.is_break() {
            return Ok(report.end());
        }
    }
    let (unreadable, ended_by) = mpsc::channel();
    let pictures = pictures(inputs, args.path_end())
        .map_while(move |input| input.map_err(|e| unreadable.send(e)).ok());
    let save = |input: &Input, inspection: &_| {
        saver.map_or_else(Saved::default, |saver| saver.save(input, inspection))
    };
    for (input, inspection) in inspector.inspect_each(pictures)? {
        let line = Line::new(&input, inspection, save);
        if report.add(&input, &line)?.is_break() {
            break;
        }
    }
    let outcome = report.end();
    ended_by.try_recv().map_or(Ok(outcome), Err)
}

impl Args {
    fn path_end(&self) -> PathEnd {
        if self.null {
            PathEnd::Zero
        } else {
            PathEnd::LineBreak
        }
    }
}

/// Those found, then those named on standard input if it was asked for.
fn pictures(inputs: Inputs, end: PathEnd) -> impl Iterator<Item = Result<Input>> + Send {
    let named = inputs
        .standard_input
        .then(|| NamedPictures::new(BufReader::new(stdin()), end));
    let found = inputs.pictures.into_iter().map(Ok);
    found.chain(named.into_iter().flatten())
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
