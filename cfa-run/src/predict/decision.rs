//! Thresholds asked for on the command line.

use cfa_runtime::Inspection;
use cfa_runtime::calibration::{Decision, DecisionOptions};

use crate::Outcome;

/// What to judge by instead of the rule that the bundle holds.
#[derive(Debug, clap::Args)]
pub(super) struct DecisionArgs {
    /// Reject pictures with a raw score above this [default: as the bundle says]
    #[arg(long, value_name = "SCORE", allow_negative_numbers = true)]
    threshold: Option<f32>,
    /// Have pictures with a raw score above this reviewed
    #[arg(long, value_name = "SCORE", allow_negative_numbers = true)]
    review_threshold: Option<f32>,
    /// Reject at most this share of good parts, such as 0.01
    #[arg(long, value_name = "RATE")]
    false_reject_rate: Option<f64>,
    /// Reject or have reviewed at most this share of good parts [default: twice the
    /// false-reject rate]
    #[arg(long, value_name = "RATE")]
    review_rate: Option<f64>,
}

impl DecisionArgs {
    pub(super) fn options(&self) -> DecisionOptions {
        DecisionOptions {
            threshold: self.threshold,
            review_threshold: self.review_threshold,
            false_reject_rate: self.false_reject_rate,
            review_rate: self.review_rate,
        }
    }
}

pub(super) fn outcome(inspection: &Inspection) -> Outcome {
    match inspection.verdict.map(|verdict| verdict.decision) {
        Some(Decision::Reject) => Outcome::Rejected,
        Some(Decision::Pass | Decision::Review) | None => Outcome::Fine,
    }
}
