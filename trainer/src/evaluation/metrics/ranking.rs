//! Labelled scores, sorted once, and walked through from the highest down.

use cfa_runtime::BrokenInvariant;
use rayon::slice::ParallelSliceMut;

use super::MetricsError;
use super::key;

const REGION_IS_KNOWN: BrokenInvariant =
    BrokenInvariant("each defective pixel belongs to a region of known size");

/// Scores of both classes as keys (see [`key`]).
///
/// Four bytes for a negative score, eight for a positive one.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranking {
    negatives: Vec<u32>,
    positives: Positives,
}

/// The scores of the positive class.
#[derive(Clone, Debug, Default)]
pub(super) struct Positives {
    /// The key in the upper half, the region it belongs to in the lower.
    keys: Vec<u64>,
    /// The share that one pixel of a region has in it: one over its size.
    shares: Vec<f64>,
}

impl Positives {
    /// Adds the score of a pixel of a region; it is not NaN.
    pub(super) fn push(&mut self, score: f32, region: u32) {
        let key = key::from_score(score);
        self.keys.push(u64::from(key) << 32 | u64::from(region));
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
        self.keys.par_sort_unstable();
    }
}

/// Sorted scores of both classes, and how many pixels of each have none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sides<'a> {
    pub(super) negatives: &'a [u32],
    pub(super) positives: &'a Positives,
    /// Pixels without a score: no threshold ever finds them.
    pub(super) never: Unscored,
}

/// Pixels without a score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Unscored {
    pub(super) positives: u64,
    pub(super) negatives: u64,
}

/// The scores that equal a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ThresholdStep {
    /// Everything at or above it counts as found.
    pub(super) threshold: f32,
    /// Positives that equal it.
    pub(super) positives: u64,
    /// Negatives that equal it.
    pub(super) negatives: u64,
    /// Shares of regions that equal it, summed over the regions.
    pub(super) overlap: f64,
}

/// Numbers of scores of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) positives: u64,
    pub(super) negatives: u64,
    pub(super) regions: u64,
}

impl Ranking {
    /// Scores of whole pictures, sorted.
    pub(super) fn new(scores: &[f32], positive: &[bool]) -> Result<Self, MetricsError> {
        if scores.len() != positive.len() {
            return Err(MetricsError::Lengths {
                scores: scores.len(),
                labels: positive.len(),
            });
        }
        require_numbers(scores.iter())?;
        let mut ranking = Self::default();
        // Whole pictures have no regions, so all positives share one.
        ranking.push_regions(&[1]);
        for (&score, &positive) in scores.iter().zip(positive) {
            ranking.push(score, positive.then_some(0));
        }
        ranking.sort();
        Ok(ranking)
    }

    /// Adds a score that is not NaN: a positive one with its region, or a negative one.
    pub(super) fn push(&mut self, score: f32, region: Option<u32>) {
        match region {
            Some(region) => self.positives.push(score, region),
            None => self.negatives.push(key::from_score(score)),
        }
    }

    /// Adds regions of these sizes, numbered on from those that are there.
    pub(super) fn push_regions(&mut self, sizes: &[u32]) {
        self.positives.push_regions(sizes);
    }

    pub(super) fn regions(&self) -> usize {
        self.positives.regions()
    }

    pub(super) fn sort(&mut self) {
        self.negatives.par_sort_unstable();
        self.positives.sort();
    }

    /// All scores, for pixels that each have one.
    pub(super) fn sides(&self) -> Sides<'_> {
        self.with(&self.positives, Unscored::default())
    }

    /// These negatives with other positives, and pixels without a score.
    pub(super) fn with<'a>(&'a self, positives: &'a Positives, never: Unscored) -> Sides<'a> {
        Sides {
            negatives: &self.negatives,
            positives,
            never,
        }
    }
}

impl<'a> Sides<'a> {
    pub(super) fn totals(parts: &[Self]) -> Totals {
        let mut totals = Totals::default();
        for part in parts {
            totals.positives += part.positives.keys.len() as u64 + part.never.positives;
            totals.negatives += part.negatives.len() as u64 + part.never.negatives;
            totals.regions += part.positives.regions() as u64;
        }
        totals
    }

    /// The steps of several sorted parts taken together, highest threshold first.
    pub(super) fn steps(
        parts: &[Self],
    ) -> impl Iterator<Item = Result<ThresholdStep, MetricsError>> + use<'a> {
        let mut cursors: Vec<Cursor<'_>> = parts.iter().map(Cursor::new).collect();
        std::iter::from_fn(move || {
            let key = cursors.iter().filter_map(Cursor::highest).max()?;
            let mut step = ThresholdStep {
                threshold: key::to_score(key),
                positives: 0,
                negatives: 0,
                overlap: 0.0,
            };
            let taken = cursors
                .iter_mut()
                .try_for_each(|cursor| cursor.take(key, &mut step));
            Some(taken.map(|()| step))
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

/// The rest of a ranking, of which the highest score is last.
struct Cursor<'a> {
    negatives: &'a [u32],
    positives: &'a [u64],
    shares: &'a [f64],
}

impl<'a> Cursor<'a> {
    fn new(part: &Sides<'a>) -> Self {
        Self {
            negatives: part.negatives,
            positives: &part.positives.keys,
            shares: &part.positives.shares,
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
    fn take(&mut self, key: u32, step: &mut ThresholdStep) -> Result<(), MetricsError> {
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
            self.positives = rest;
            let share = self.shares.get(*last as u32 as usize);
            step.overlap += share.ok_or(REGION_IS_KNOWN)?;
        }
        Ok(())
    }
}
