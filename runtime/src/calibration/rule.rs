//! From a score to pass, review or reject.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Calibration, CalibrationError};

/// The decision on a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Its score is common among good parts.
    Pass,
    /// A person should look.
    Review,
    /// It counts as defective.
    Reject,
}

impl Decision {
    /// The word in results: `pass`, `review` or `reject`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Review => "review",
            Self::Reject => "reject",
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The origin of the threshold for rejection. An option may have moved the one for review.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Basis {
    /// Conformal quantiles of the recorded good scores.
    FalseRejectRate {
        /// Share of good parts that are rejected, at most.
        rate: f64,
    },
    /// The highest F1 over labelled samples.
    F1Max,
    /// A user's own numbers.
    Given,
    /// The threshold of the model that was imported.
    Imported,
}

impl Basis {
    /// The word in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FalseRejectRate { .. } => "false_reject_rate",
            Self::F1Max => "f1_max",
            Self::Given => "given",
            Self::Imported => "imported",
        }
    }
}

/// Two thresholds on the raw image score, and their origin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionRule {
    /// The origin of the threshold for rejection.
    pub basis: Basis,
    /// Scores above it are for review; at most `reject_above`. Both are equal when nothing
    /// is to be reviewed.
    pub review_above: f32,
    /// Scores above it are rejected.
    pub reject_above: f32,
}

/// A decision and the rule that it follows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// The decision on the part.
    pub decision: Decision,
    /// The thresholds it was compared with.
    pub rule: DecisionRule,
}

impl DecisionRule {
    /// One threshold and no review.
    ///
    /// # Errors
    /// The threshold is not finite.
    pub fn single(basis: Basis, reject_above: f32) -> Result<Self, CalibrationError> {
        Self {
            basis,
            review_above: reject_above,
            reject_above,
        }
        .checked()
    }

    /// Makes sure that the thresholds are finite and in order.
    pub(crate) fn checked(self) -> Result<Self, CalibrationError> {
        let Self {
            review_above,
            reject_above,
            ..
        } = self;
        let ordered = review_above <= reject_above;
        if ordered && review_above.is_finite() && reject_above.is_finite() {
            return Ok(self);
        }
        Err(CalibrationError::Thresholds {
            review_above,
            reject_above,
        })
    }

    /// Judges a raw image score. A score that is not a number is rejected.
    #[must_use]
    pub fn judge(&self, score: f32) -> Verdict {
        let decision = if score <= self.review_above {
            Decision::Pass
        } else if score <= self.reject_above {
            Decision::Review
        } else {
            Decision::Reject
        };
        Verdict {
            decision,
            rule: *self,
        }
    }
}

/// A user's choice instead of the recorded rule. With all fields empty the recorded rule holds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct DecisionOptions {
    /// Scores above it are rejected; raw.
    pub threshold: Option<f32>,
    /// Scores above it are reviewed; raw.
    pub review_threshold: Option<f32>,
    /// Share of good parts that may be rejected, between 0 and 1.
    pub false_reject_rate: Option<f64>,
    /// Share of good parts that may be rejected or reviewed, between 0 and 1.
    pub review_rate: Option<f64>,
}

/// See [`Calibration::rule_for`].
pub(super) fn resolve(
    calibration: &Calibration,
    options: &DecisionOptions,
) -> Result<Option<DecisionRule>, CalibrationError> {
    if options.review_threshold.is_some() && options.review_rate.is_some() {
        return Err(CalibrationError::BothForReview);
    }
    let rule = match (options.threshold, options.false_reject_rate) {
        (Some(_), Some(_)) => return Err(CalibrationError::Both),
        (Some(threshold), None) => Some(DecisionRule::single(Basis::Given, threshold)?),
        (None, Some(rate)) => Some(calibration.false_reject_rule(rate, options.review_rate)?),
        (None, None) => calibration.rule,
    };
    let rule = with_review_rate(calibration, rule, options)?;
    match (rule, options.review_threshold) {
        (rule, None) => Ok(rule),
        (None, Some(_)) => Err(CalibrationError::NoRule {
            option: "a review threshold",
        }),
        (Some(rule), Some(review_above)) => DecisionRule {
            review_above,
            ..rule
        }
        .checked()
        .map(Some),
    }
}

/// A review rate beside a threshold or the recorded rule moves the lower bound only.
fn with_review_rate(
    calibration: &Calibration,
    rule: Option<DecisionRule>,
    options: &DecisionOptions,
) -> Result<Option<DecisionRule>, CalibrationError> {
    let (Some(rate), None) = (options.review_rate, options.false_reject_rate) else {
        return Ok(rule);
    };
    let rule = rule.ok_or(CalibrationError::NoRule {
        option: "a review rate",
    })?;
    let review_above = calibration.threshold(rate)?;
    DecisionRule {
        review_above,
        ..rule
    }
    .checked()
    .map(Some)
}
