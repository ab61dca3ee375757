//! Training with several seeds. The bank is made with a random descriptor, so two
//! seeds give two models (METHOD.md, difference 31); how far they are apart is reported, and the
//! one is kept that tells pasted defects best on good pictures held out for that.
//! Test pictures are reported on but never chosen by.

mod cut_paste;
mod separation;
mod statistics;

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use cfa_runtime::Cancellation;
use cfa_runtime::inspector::{Inspector, InspectorOptions};
use cfa_runtime::network::OnnxRuntime;
use serde::Serialize;

pub use separation::separation;
pub use statistics::{MeanSd, SeedFigure};

use super::job::Job;
use super::request::{FitRequest, FitSummary};
use crate::dataset::{DataAccount, Dataset, GoodSplit, TestPicture};
use crate::destination::{check_destination, with_ending};
use crate::error::TrainError;
use crate::evaluation::{self, Evaluation, Figures, LeftOut, evaluate};
use crate::events::{FitEvent, FitObserver, SeedReport};
use crate::interruption::go_on;
use crate::training::{FitSettings, finished};

/// Fewest pictures whose scores have a spread to measure.
const FEWEST_SELECTION_PICTURES: usize = 2;

/// All seeds' trainings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeedsSummary {
    /// The written bundle.
    pub bundle: PathBuf,
    /// The seed that it was trained with.
    pub chosen_seed: u64,
    /// Each seed, in order; none when the bundle was finished before, and nothing was done.
    pub seeds: Vec<SeedReport>,
    /// Mean and spread over the seeds of each figure that all of them have.
    pub figures: Vec<SeedFigure>,
    /// What became of the pictures of the data set; reported as [`FitEvent::Data`].
    #[serde(skip)]
    pub data: DataAccount,
}

/// A finished training that may be chosen.
struct Candidate {
    bundle: PathBuf,
    report: SeedReport,
    data: DataAccount,
}

/// Trains with `seeds` seeds from that of the settings on, and keeps one.
///
/// Every seed's bundle lies beside the final one, `NAME.cfa.seedN`, until all are
/// finished; with `resume` those that are there are not trained again.
///
/// # Errors
/// The errors of [`fit`](crate::fit::fit). Besides, there is no runtime, or fewer than two pictures are held
/// out to choose by.
pub fn fit_seeds(
    request: &FitRequest,
    seeds: usize,
    observer: &mut dyn FitObserver,
    cancellation: &Cancellation,
) -> Result<SeedsSummary, TrainError> {
    let runtime = request
        .runtime
        .as_ref()
        .ok_or(TrainError::SeedsNeedRuntime)?;
    let all = all_seeds(request.settings.seed, seeds)?;
    if let Some(finished) = finished_before(request, &all, observer, cancellation)? {
        return Ok(finished);
    }
    let test = check_before_training(request, observer, cancellation)?;
    let mut candidates = Vec::with_capacity(seeds);
    for (number, seed) in all.enumerate() {
        observer.event(&FitEvent::Seed {
            seed,
            number: number + 1,
            seeds,
        });
        let candidate = train(request, seed, &test, runtime, observer, cancellation)
            .map_err(|error| with_finished(error, &candidates))?;
        let report = Box::new(candidate.report.clone());
        observer.event(&FitEvent::SeedFinished(report));
        candidates.push(candidate);
    }
    let summary = keep_best(candidates, &request.bundle)?;
    observer.event(&FitEvent::Data(summary.data.clone()));
    Ok(summary)
}

/// The summary of a finished bundle that one of these very trainings wrote; `None` when there
/// is nothing in its place.
///
/// # Errors
/// Something is there that must not be replaced.
fn finished_before(
    request: &FitRequest,
    all: &Range<u64>,
    observer: &mut dyn FitObserver,
    cancellation: &Cancellation,
) -> Result<Option<SeedsSummary>, TrainError> {
    if request.overwrite || !request.bundle.exists() {
        return Ok(None);
    }
    let begun = |seed| candidate_path(&request.bundle, seed).exists();
    let record = finished(&request.bundle).map(|(_bundle, record)| record);
    let (true, false, Some(record)) = (request.resume, all.clone().any(begun), record) else {
        request.refuse_to_replace()?;
        return Ok(None);
    };
    let mut silent = request.clone();
    silent.settings.seed = record.identity.settings.seed;
    let job = Job::prepare(&silent, observer, cancellation)?;
    let same = *job.identity() == record.identity;
    if !same || !all.contains(&silent.settings.seed) {
        request.refuse_to_replace()?;
    }
    observer.event(&FitEvent::AlreadyTrained);
    Ok(Some(SeedsSummary {
        bundle: request.bundle.clone(),
        chosen_seed: silent.settings.seed,
        seeds: Vec::new(),
        figures: Vec::new(),
        data: job.account().clone(),
    }))
}

fn all_seeds(first: u64, count: usize) -> Result<Range<u64>, TrainError> {
    let end = first.checked_add(count as u64);
    let end = end.ok_or_else(|| TrainError::Setting {
        option: "seed",
        value: first.to_string(),
        reason: format!("{count} seeds from there on go beyond {}", u64::MAX),
    })?;
    Ok(first..end)
}

/// Finds now what would otherwise end the work after hours: a place that cannot be written to,
/// too few pictures to choose by, test pictures that cannot be inspected. Gives the test
/// pictures that can.
fn check_before_training(
    request: &FitRequest,
    observer: &mut dyn FitObserver,
    cancellation: &Cancellation,
) -> Result<Vec<TestPicture>, TrainError> {
    let settings = request.settings.check()?;
    check_destination(&request.bundle)?;
    let dataset = Dataset::discover_with(&request.data, &request.good_names)?;
    dataset.require_masks()?;
    let FitSettings {
        calibration_split,
        selection_split,
        ..
    } = request.settings;
    let split = GoodSplit::new(&dataset.train_good, calibration_split, selection_split);
    require_selection(split.selection.len())?;
    if dataset.test.is_empty() {
        return Ok(Vec::new());
    }
    dataset.require_test()?;
    let pictures = dataset.test.len();
    observer.event(&FitEvent::Checking { pictures });
    let (preprocessing, skip_bad) = (settings.preprocessing(), request.skip_bad);
    let limits = request.picture_limits;
    let test = &dataset.test;
    let checked = evaluation::check(test, preprocessing, limits, skip_bad, cancellation)?;
    report_left_out(&checked.left_out, observer);
    Ok(checked.pictures)
}

fn report_left_out(left_out: &[LeftOut], observer: &mut dyn FitObserver) {
    for picture in left_out {
        observer.event(&FitEvent::Skipped {
            reason: picture.to_string(),
        });
    }
}

fn require_selection(found: usize) -> Result<(), TrainError> {
    if found >= FEWEST_SELECTION_PICTURES {
        return Ok(());
    }
    Err(TrainError::Setting {
        option: "seeds",
        value: "above 1".to_owned(),
        reason: format!(
            "{found} good pictures are held out to choose by, and at least \
             {FEWEST_SELECTION_PICTURES} are needed; raise --selection-split or add pictures"
        ),
    })
}

/// An interruption of a later seed's training does not lose the finished ones either.
fn with_finished(error: TrainError, finished: &[Candidate]) -> TrainError {
    match finished.last() {
        Some(last) => error.resumable_from(&last.bundle),
        None => error,
    }
}

fn train(
    request: &FitRequest,
    seed: u64,
    test: &[TestPicture],
    runtime: &OnnxRuntime,
    observer: &mut dyn FitObserver,
    cancellation: &Cancellation,
) -> Result<Candidate, TrainError> {
    let mut request = request.clone();
    request.settings.seed = seed;
    request.bundle = candidate_path(&request.bundle, seed);
    let job = Job::prepare(&request, observer, cancellation)?;
    // Once more, because bad pictures may have been passed over.
    require_selection(job.selection().len())?;
    let summary = job.run(observer, cancellation)?;
    let options = InspectorOptions {
        threads: request.threads,
        limits: request.picture_limits,
        ..InspectorOptions::default()
    };
    let mut inspector = Inspector::open(&request.bundle, runtime, &options)?;
    let report = SeedReport {
        seed,
        loss: summary.loss,
        separation: separation_of(&summary, &mut inspector, cancellation)
            .map_err(|error| error.resumable_from(&request.bundle))?,
        test: test_figures(test, &mut inspector, observer, cancellation)
            .map_err(|error| error.resumable_from(&request.bundle))?,
    };
    Ok(Candidate {
        bundle: request.bundle,
        report,
        data: summary.data,
    })
}

/// `NAME.cfa.seedN` beside the bundle.
fn candidate_path(bundle: &Path, seed: u64) -> PathBuf {
    with_ending(bundle, &format!(".seed{seed}"))
}

fn separation_of(
    summary: &FitSummary,
    inspector: &mut Inspector,
    cancellation: &Cancellation,
) -> Result<f64, TrainError> {
    let found = summary.selection.len();
    let (mut good, mut pasted) = (Vec::with_capacity(found), Vec::with_capacity(found));
    for (index, path) in summary.selection.iter().enumerate() {
        go_on(cancellation)?;
        let picture = cut_paste::open(path, inspector)?;
        good.push(inspector.inspect(&picture)?.score);
        let defective = cut_paste::with_defect(&picture, index)?;
        pasted.push(inspector.inspect(&defective)?.score);
    }
    Ok(separation(&good, &pasted))
}

fn test_figures(
    test: &[TestPicture],
    inspector: &mut Inspector,
    observer: &mut dyn FitObserver,
    cancellation: &Cancellation,
) -> Result<Option<Figures>, TrainError> {
    if test.is_empty() {
        return Ok(None);
    }
    let Evaluation {
        overall, failed, ..
    } = evaluate(
        inspector,
        test,
        cancellation,
        &mut |_picture, _inspection| (),
    )?;
    report_left_out(&failed, observer);
    Ok(Some(overall))
}

/// Moves the best candidate's bundle to its place and removes the others; of equals
/// the first is kept.
fn keep_best(candidates: Vec<Candidate>, bundle: &Path) -> Result<SeedsSummary, TrainError> {
    let best = candidates.iter().reduce(|best, other| {
        if other.report.separation > best.report.separation {
            other
        } else {
            best
        }
    });
    let best = best.ok_or_else(|| TrainError::Setting {
        option: "seeds",
        value: "0".to_owned(),
        reason: "it must be at least 1".to_owned(),
    })?;
    let failed = |source| TrainError::File {
        path: bundle.to_owned(),
        action: "cannot put the chosen bundle in its place; the seeds' bundles are beside it",
        source,
    };
    let (chosen_seed, data) = (best.report.seed, best.data.clone());
    fs::rename(&best.bundle, bundle).map_err(failed)?;
    for other in candidates.iter().filter(|c| c.report.seed != chosen_seed) {
        fs::remove_file(&other.bundle).map_err(failed)?;
    }
    let seeds: Vec<SeedReport> = candidates.into_iter().map(|c| c.report).collect();
    Ok(SeedsSummary {
        bundle: bundle.to_owned(),
        chosen_seed,
        figures: statistics::over_seeds(&seeds),
        seeds,
        data,
    })
}
