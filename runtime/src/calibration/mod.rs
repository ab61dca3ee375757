//! The meaning of scores: p-values against good parts, thresholds, verdicts.
//!
//! Raw scores stay raw. The calibration lies beside them: the scores of good parts
//! that the model was not trained on. By conformal prediction they bound how often a
//! good part exceeds a threshold, for any distribution of scores. New good parts must
//! be exchangeable with the recorded ones. See Vovk, Gammerman and Shafer, Algorithmic
//! Learning in a Random World, 2005.

mod error;
#[cfg(test)]
mod properties;
mod rule;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use error::CalibrationError;
pub use rule::{Basis, Decision, DecisionOptions, DecisionRule, Verdict};

/// Rates that are tried in this order when no false-reject rate is requested.
const USUAL_RATES: [f64; 5] = [0.01, 0.02, 0.05, 0.1, HIGHEST_USUAL_RATE];
/// The false-reject rate that the fewest good scores, four, allow.
pub const HIGHEST_USUAL_RATE: f64 = 0.2;

/// The calibration of the image scores of a model. The default holds no scores.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Raw image scores of good parts that the model was not trained on, ascending,
    /// finite; may be empty.
    pub good_scores: Vec<f32>,
    /// The threshold that separated good and defective samples best, if there were any.
    pub f1_max: Option<F1MaxThreshold>,
    /// The rule by which pictures are judged, unless a user asks for another.
    pub rule: Option<DecisionRule>,
}

/// The threshold with the highest F1 over labelled samples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct F1MaxThreshold {
    /// Raw score; a picture above it counts as defective.
    pub reject_above: f32,
    /// The F1 reached, 0 to 1.
    pub f1: f64,
    /// Good samples it was found with.
    pub good: usize,
    /// Defective samples it was found with.
    pub defective: usize,
}

impl Calibration {
    /// A calibration with these scores of good parts, in any order.
    ///
    /// # Errors
    /// A score that is not finite.
    pub fn from_good_scores(mut scores: Vec<f32>) -> Result<Self, CalibrationError> {
        if let Some(&score) = scores.iter().find(|score| !score.is_finite()) {
            return Err(CalibrationError::NotFinite { score });
        }
        scores.sort_by(f32::total_cmp);
        Ok(Self {
            good_scores: scores,
            ..Self::default()
        })
    }

    /// The share of good parts with a score this high, counting the part itself:
    /// (1 + number of good scores ≥ `score`) / (n + 1). Between 1/(n + 1) and 1;
    /// `None` without good scores. A good part has a p-value of at most q with a
    /// probability of at most q.
    #[must_use]
    pub fn p_value(&self, score: f32) -> Option<f64> {
        let count = self.good_scores.len();
        let below = self.good_scores.partition_point(|&good| good < score);
        (count > 0).then(|| (1 + count - below) as f64 / (count + 1) as f64)
    }

    /// The conformal quantile: the lowest recorded score that a new good part exceeds
    /// with a probability of at most `rate`. A score lies above it exactly when its
    /// p-value is at most `rate`.
    ///
    /// # Errors
    /// `rate` is not between 0 and 1, or there are too few good scores for it: at
    /// least 1/`rate` − 1 are needed.
    pub fn threshold(&self, rate: f64) -> Result<f32, CalibrationError> {
        if !(rate > 0.0 && rate < 1.0) {
            return Err(CalibrationError::Rate { rate });
        }
        let count = self.good_scores.len();
        let above = scores_above(count, rate);
        let threshold = self.good_scores.get(count - above.min(count));
        match threshold {
            Some(&threshold) if above > 0 => Ok(threshold),
            _ => Err(CalibrationError::TooFewGood {
                rate,
                found: count,
                needed: needed_scores(rate),
            }),
        }
    }

    /// Rejects at most the share `rate` of good parts, and sends further ones to review, up
    /// to `review_rate` in all. The default review rate is twice `rate`, but at most a half.
    ///
    /// # Errors
    /// The errors of [`threshold`](Self::threshold), and a review rate below `rate`.
    pub fn false_reject_rule(
        &self,
        rate: f64,
        review_rate: Option<f64>,
    ) -> Result<DecisionRule, CalibrationError> {
        let reject_above = self.threshold(rate)?;
        let review_rate = review_rate.unwrap_or((2.0 * rate).min(0.5).max(rate));
        if review_rate < rate {
            return Err(CalibrationError::ReviewRate { rate, review_rate });
        }
        Ok(DecisionRule {
            basis: Basis::FalseRejectRate { rate },
            review_above: self.threshold(review_rate)?,
            reject_above,
        })
    }

    /// The lowest of the usual false-reject rates (1, 2, 5, 10 and 20 %) that the
    /// number of good scores allows; `None` below four scores.
    #[must_use]
    pub fn usual_rule(&self) -> Option<DecisionRule> {
        let mut rates = USUAL_RATES.iter();
        rates.find_map(|&rate| self.false_reject_rule(rate, None).ok())
    }

    /// The rule that `options` ask for, or else the recorded one.
    ///
    /// # Errors
    /// Options that contradict each other, or that the recorded scores cannot serve.
    pub fn rule_for(
        &self,
        options: &DecisionOptions,
    ) -> Result<Option<DecisionRule>, CalibrationError> {
        rule::resolve(self, options)
    }
}

/// Good scores that may lie above a threshold for `rate`: floor((n + 1) · rate). A product
/// that rounding alone keeps below a whole number counts as that number.
fn scores_above(count: usize, rate: f64) -> usize {
    ((count as f64 + 1.0) * rate + 1e-9).floor() as usize
}

/// The smallest number of scores for which [`scores_above`] is at least one.
fn needed_scores(rate: f64) -> usize {
    let estimate = (1.0 / rate).ceil() as usize;
    let first = estimate.saturating_sub(2);
    (first..=estimate)
        .find(|&count| scores_above(count, rate) > 0)
        .unwrap_or(estimate)
}
