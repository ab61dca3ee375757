//! Labelled scores, sorted once, and walked through from the highest down.

use rayon::slice::ParallelSliceMut;

use super::MetricsError;
use super::key;

/// Scores of both classes as keys (see [`key`]).
///
/// Four bytes for a negative score, eight for a positive one.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranking {
    negatives: Vec<u32>,
    /// The key in the upper half, the region it belongs to in the lower.
    positives: Vec<u64>,
    /// The share that one pixel of a region has in it: one over its size.
    shares: Vec<f64>,
}

/// What a threshold adds to those above it: all scores that equal it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    /// Everything at or above it counts as found.
    pub(super) threshold: f32,
    /// Positives that equal it.
    pub(super) positives: u64,
    /// Negatives that equal it.
    pub(super) negatives: u64,
    /// Shares of regions that equal it, summed over the regions.
    pub(super) overlap: f64,
}

/// How many scores there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) positives: u64,
    pub(super) negatives: u64,
    pub(super) regions: u64,
}

impl Ranking {
    /// Scores without regions, sorted.
    pub(super) fn of(scores: &[f32], positive: &[bool]) -> Result<Self, MetricsError> {
        if scores.len() != positive.len() {
            return Err(MetricsError::Lengths {
                scores: scores.len(),
                labels: positive.len(),
            });
        }
        require_numbers(scores.iter())?;
        let mut ranking = Self::default();
        for (&score, &positive) in scores.iter().zip(positive) {
            ranking.push(score, positive.then_some(0));
        }
        ranking.sort();
        Ok(ranking)
    }

    /// Adds a score that is not NaN: a positive one with its region, or a negative one.
    pub(super) fn push(&mut self, score: f32, region: Option<u32>) {
        let key = key::from_score(score);
        match region {
            Some(region) => self
                .positives
                .push(u64::from(key) << 32 | u64::from(region)),
            None => self.negatives.push(key),
        }
    }

    /// Adds regions of these sizes, numbered on from those that are there.
    pub(super) fn push_regions(&mut self, sizes: &[u32]) {
        let shares = sizes.iter().map(|&size| 1.0 / f64::from(size));
        self.shares.extend(shares);
    }

    pub(super) fn regions(&self) -> usize {
        self.shares.len()
    }

    pub(super) fn sort(&mut self) {
        self.negatives.par_sort_unstable();
        self.positives.par_sort_unstable();
    }

    pub(super) fn totals(rankings: &[&Self]) -> Totals {
        let mut totals = Totals::default();
        for ranking in rankings {
            totals.positives += ranking.positives.len() as u64;
            totals.negatives += ranking.negatives.len() as u64;
            totals.regions += ranking.shares.len() as u64;
        }
        totals
    }

    /// The steps of several sorted rankings taken together, highest threshold first.
    pub(super) fn steps(rankings: &[&Self]) -> impl Iterator<Item = Step> {
        let mut cursors: Vec<Cursor<'_>> = rankings
            .iter()
            .map(|ranking| Cursor::new(ranking))
            .collect();
        std::iter::from_fn(move || {
            let key = cursors.iter().filter_map(Cursor::highest).max()?;
            let mut step = Step {
                threshold: key::to_score(key),
                positives: 0,
                negatives: 0,
                overlap: 0.0,
            };
            for cursor in &mut cursors {
                cursor.take(key, &mut step);
            }
            Some(step)
        })
    }
}

/// Fails at the first NaN.
pub(super) fn require_numbers<'a>(
    mut scores: impl Iterator<Item = &'a f32>,
) -> Result<(), MetricsError> {
    match scores.position(|score| score.is_nan()) {
        Some(index) => Err(MetricsError::NotANumber { index }),
        None => Ok(()),
    }
}

/// What is left of a ranking; the highest stands last.
struct Cursor<'a> {
    negatives: &'a [u32],
    positives: &'a [u64],
    shares: &'a [f64],
}

impl<'a> Cursor<'a> {
    fn new(ranking: &'a Ranking) -> Self {
        Self {
            negatives: &ranking.negatives,
            positives: &ranking.positives,
            shares: &ranking.shares,
        }
    }

    fn highest(&self) -> Option<u32> {
        let positive = self
            .positives
            .last()
            .map(|&positive| (positive >> 32) as u32);
        self.negatives.last().copied().max(positive)
    }

    /// Moves everything that equals `key` into the step.
    fn take(&mut self, key: u32, step: &mut Step) {
        while let [rest @ .., last] = self.negatives
            && *last == key
        {
            step.negatives += 1;
            self.negatives = rest;
        }
        while let [rest @ .., last] = self.positives
            && (last >> 32) as u32 == key
        {
            step.positives += 1;
            step.overlap += self
                .shares
                .get(*last as u32 as usize)
                .copied()
                .unwrap_or(0.0);
            self.positives = rest;
        }
    }
}
