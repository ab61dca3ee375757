//! `cfa-run bench`: how fast a bundle is on this machine.

mod memory;
mod percentiles;
mod report;
mod sample;

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use cfa_runtime::inspector::StageTimes;
use cfa_runtime::network::LARGEST_BATCH;
use cfa_runtime::{Inspector, InspectorOptions, Model, Provider};
use clap::value_parser;
use indicatif::ProgressBar;

use crate::model::ModelArgs;
use crate::onnx_runtime::LibraryArgs;
use crate::pictures::PictureArgs;
use crate::progress;
use crate::provider::{self, ProviderArgs};
use crate::{Outcome, printed};
use report::{OpeningTimes, PeakMemory, PicturesPerSecond, Report};
use sample::Sample;

/// Inspections before the first that counts: ONNX Runtime and the allocator settle.
const WARM_UP: usize = 5;
/// As many inspections as give percentiles a meaning, unless rounds are asked for.
const USUAL_INSPECTIONS: usize = 100;

/// Arguments of `cfa-run bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// Pictures, folders or glob patterns [default: the pictures recorded in the bundle]
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pictures: Vec<PathBuf>,
    /// How often each picture is inspected [default: as often as makes 100 inspections]
    #[arg(long, value_name = "N")]
    rounds: Option<NonZeroU32>,
    /// Threads for the network and as many for the rest [default: as many as the machine
    /// has]
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Experimental, not measured on a GPU yet: pictures that may go through the network in
    /// one run
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u8).range(1..=LARGEST_BATCH as i64))]
    batch: u8,
    #[command(flatten)]
    provider: ProviderArgs,
    /// One JSON object instead of text
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    library: LibraryArgs,
    #[command(flatten)]
    taken: PictureArgs,
}

pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let (mut inspector, opening) = open(args)?;
    let sample = Sample::find(&args.pictures, &inspector)?;
    let rounds = args.rounds.map_or_else(
        || USUAL_INSPECTIONS.div_ceil(sample.paths.len()),
        |rounds| rounds.get() as usize,
    );
    let inspections = sample.paths.len() * rounds;
    let bar = progress::bar(2 * inspections + WARM_UP, !args.json);
    let one_by_one = one_by_one(&mut inspector, &sample, rounds, &bar)?;
    let memory_one_by_one = memory::peak_bytes();
    let overlapped_s = overlapped(&mut inspector, &sample, rounds, &bar)?;
    bar.finish_and_clear();
    let report = Report {
        model: args.model.path()?.display().to_string(),
        backbone: inspector.manifest().backbone.name.clone(),
        provider: one_by_one.provider.name(),
        head: inspector.head().name(),
        batch: inspector.batch(),
        threads: inspector.threads(),
        pictures: sample.paths.len(),
        recorded: args.pictures.is_empty(),
        rounds,
        opening_ms: opening,
        milliseconds: report::milliseconds(&one_by_one.times),
        pictures_per_second: PicturesPerSecond {
            one_by_one: inspections as f64 / one_by_one.seconds,
            overlapped: inspections as f64 / overlapped_s,
        },
        peak_memory_bytes: PeakMemory {
            one_by_one: memory_one_by_one,
            overlapped: memory::peak_bytes(),
        },
    };
    printed(report.print(args.json))?;
    Ok(Outcome::Fine)
}

fn open(args: &Args) -> Result<(Inspector, OpeningTimes)> {
    let options = InspectorOptions {
        threads: args.threads.map(usize::from),
        provider: args.provider.options(),
        head: args.provider.head(),
        core_affinity: args.provider.core_affinity(),
        batch: Some(usize::from(args.batch)),
        limits: args.taken.limits(),
        white_level: args.taken.white_level(),
        ..InspectorOptions::default()
    };
    let (library, library_ms) = timed(|| args.library.load(args.provider.choice()))?;
    let (model, model_ms) = timed(|| Ok(Model::open(args.model.path()?)?))?;
    let (inspector, network_ms) = timed(|| provider::inspector(&model, &library, &options))?;
    let opening = OpeningTimes {
        library: library_ms,
        model: model_ms,
        network: network_ms,
        total: library_ms + model_ms + network_ms,
    };
    Ok((inspector, opening))
}

fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, f64)> {
    let started = Instant::now();
    let done = work()?;
    Ok((done, started.elapsed().as_secs_f64() * 1e3))
}

/// What inspecting each picture alone has shown.
struct OneByOne {
    times: Vec<StageTimes>,
    seconds: f64,
    /// The provider of the last inspection, which is the one of all inspections.
    provider: Provider,
}

fn one_by_one(
    inspector: &mut Inspector,
    sample: &Sample,
    rounds: usize,
    bar: &ProgressBar,
) -> Result<OneByOne> {
    let mut provider = inspector.provider();
    for path in sample.paths.iter().cycle().take(WARM_UP) {
        provider = inspector.inspect_path(path)?.provider;
        bar.inc(1);
    }
    let mut times = Vec::with_capacity(sample.paths.len() * rounds);
    let started = Instant::now();
    for path in sample.rounds(rounds) {
        times.push(inspector.inspect_path(&path)?.stages);
        bar.inc(1);
    }
    let seconds = started.elapsed().as_secs_f64();
    Ok(OneByOne {
        times,
        seconds,
        provider,
    })
}

/// Seconds that the same inspections take as `predict` does them.
fn overlapped(
    inspector: &mut Inspector,
    sample: &Sample,
    rounds: usize,
    bar: &ProgressBar,
) -> Result<f64> {
    let started = Instant::now();
    for (_path, inspection) in inspector.inspect_each(sample.rounds(rounds))? {
        inspection?;
        bar.inc(1);
    }
    Ok(started.elapsed().as_secs_f64())
}
