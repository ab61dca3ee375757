//! Figures that only depend on the order of scores: areas under the ROC and the
//! precision-recall curve, and the best F1.

use super::MetricsError;
use super::ranking::{Ranking, Sides, ThresholdStep, Totals};

/// Area under the ROC curve of `scores`, where a high score should mean `positive`.
///
/// The exact probability that a positive scores above a negative, ties counting half
/// (Mann and Whitney 1947): the same as the trapezoidal area over all thresholds.
/// `None` when a class is missing. Infinite scores are ranked like any other, NaN is an
/// error.
pub fn auroc(scores: &[f32], positive: &[bool]) -> Result<Option<f64>, MetricsError> {
    Ok(fold(&Ranking::new(scores, positive)?)?.auroc())
}

/// Average precision: the area under the precision-recall curve as a sum of steps,
/// Σ (Rₙ − Rₙ₋₁) · Pₙ over all distinct thresholds from the highest down.
///
/// This is `average_precision_score` of scikit-learn and `BinaryAveragePrecision` of
/// torchmetrics (without bins). There is no interpolation, which would be too optimistic. `None` when a class is missing, NaN is an error.
pub fn average_precision(scores: &[f32], positive: &[bool]) -> Result<Option<f64>, MetricsError> {
    Ok(fold(&Ranking::new(scores, positive)?)?.average_precision())
}

/// The largest F1 over all thresholds; `None` when a class is missing, NaN is an error.
pub fn f1_max(scores: &[f32], positive: &[bool]) -> Result<Option<F1Max>, MetricsError> {
    Ok(fold(&Ranking::new(scores, positive)?)?.f1_max())
}

/// The points of the ROC and precision-recall curves, one a distinct score, highest
/// threshold first; empty when a class is missing, NaN is an error.
pub fn curve(scores: &[f32], positive: &[bool]) -> Result<Vec<CurvePoint>, MetricsError> {
    let ranking = Ranking::new(scores, positive)?;
    let sides = [ranking.sides()];
    let totals = Sides::totals(&sides);
    if totals.positives == 0 || totals.negatives == 0 {
        return Ok(Vec::new());
    }
    let mut found = Totals::default();
    let points = Sides::steps(&sides).map(|step| {
        let step = step?;
        found.positives += step.positives;
        found.negatives += step.negatives;
        Ok(CurvePoint {
            threshold: step.threshold,
            false_positive_rate: found.negatives as f64 / totals.negatives as f64,
            recall: found.positives as f64 / totals.positives as f64,
            precision: found.positives as f64 / (found.positives + found.negatives) as f64,
        })
    });
    points.collect()
}

/// The best F1 and where it is reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct F1Max {
    /// 2·TP / (2·TP + FP + FN), 0 to 1.
    pub value: f64,
    /// Scores at or above it count as defective: the lowest of the thresholds that reach
    /// the value, always a score that occurs.
    pub threshold: f32,
}

/// The rates at a threshold when everything at or above it counts as defective.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// The threshold, a score that occurs.
    pub threshold: f32,
    /// Good ones among the found, out of all good ones: the ROC curve's abscissa.
    pub false_positive_rate: f64,
    /// Defective ones among the found, out of all defective ones.
    pub recall: f64,
    /// Defective ones among the found, out of the found.
    pub precision: f64,
}

fn fold(ranking: &Ranking) -> Result<Counts, MetricsError> {
    let sides = [ranking.sides()];
    let mut counts = Counts::new(Sides::totals(&sides));
    for step in Sides::steps(&sides) {
        counts.add(&step?);
    }
    Ok(counts)
}

/// Sums over the steps so far.
#[derive(Debug)]
pub(super) struct Counts {
    totals: Totals,
    found: Totals,
    /// Pairs in which the positive scores higher count two, ties one: an exact number.
    twice_pairs_won: u128,
    /// Σ positives · precision.
    precision: f64,
    best: Option<F1Max>,
}

impl Counts {
    pub(super) fn new(totals: Totals) -> Self {
        Self {
            totals,
            found: Totals::default(),
            twice_pairs_won: 0,
            precision: 0.0,
            best: None,
        }
    }

    pub(super) fn add(&mut self, step: &ThresholdStep) {
        let above = self.found.positives;
        self.twice_pairs_won += u128::from(step.negatives) * u128::from(2 * above + step.positives);
        self.found.positives += step.positives;
        self.found.negatives += step.negatives;
        let found = self.found.positives + self.found.negatives;
        let precision = self.found.positives as f64 / found as f64;
        self.precision += step.positives as f64 * precision;
        self.improve(step.threshold, found);
    }

    /// F1 = 2·TP / (TP + FP + positives). Later, so lower, thresholds win ties.
    fn improve(&mut self, threshold: f32, found: u64) {
        let value = 2.0 * self.found.positives as f64 / (found + self.totals.positives) as f64;
        if self.best.is_none_or(|best| value >= best.value) {
            self.best = Some(F1Max { value, threshold });
        }
    }

    /// A pixel without a score ranks below all pixels with one. Ties among these pixels count
    /// half.
    pub(super) fn auroc(&self) -> Option<f64> {
        let pairs = u128::from(self.totals.positives) * u128::from(self.totals.negatives);
        let never_positives = self.totals.positives - self.found.positives;
        let never_negatives = self.totals.negatives - self.found.negatives;
        let twice_pairs_won = self.twice_pairs_won
            + u128::from(never_negatives) * u128::from(2 * self.found.positives + never_positives);
        (pairs > 0).then(|| twice_pairs_won as f64 / (2 * pairs) as f64)
    }

    fn average_precision(&self) -> Option<f64> {
        self.both_classes()
            .then(|| (self.precision / self.totals.positives as f64).min(1.0))
    }

    pub(super) fn f1_max(&self) -> Option<F1Max> {
        self.best.filter(|_| self.both_classes())
    }

    fn both_classes(&self) -> bool {
        self.totals.positives > 0 && self.totals.negatives > 0
    }
}
