//! Reasons why scores cannot be judged as requested.

/// A judgement that cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CalibrationError {
    /// A score is NaN or infinite.
    #[error("{score} is not a score; inspect the good pictures again")]
    NotFinite {
        /// The value.
        score: f32,
    },
    /// A rate outside of 0 to 1.
    #[error("a rate of {rate} is impossible; it must lie between 0 and 1, such as 0.01")]
    Rate {
        /// The rate asked for.
        rate: f64,
    },
    /// The review rate is below the false-reject rate.
    #[error(
        "the review rate {review_rate} includes the rejected parts, so it must be at least the false-reject rate {rate}"
    )]
    ReviewRate {
        /// The false-reject rate.
        rate: f64,
        /// The review rate.
        review_rate: f64,
    },
    /// The rate is finer than the good scores can tell.
    #[error(
        "a false-reject rate of {rate} needs the scores of at least {needed} good pictures, and the model has {found}; \
         calibrate the model with more good pictures that it was not trained on, or ask for a higher rate"
    )]
    TooFewGood {
        /// The rate asked for.
        rate: f64,
        /// Good scores in the bundle.
        found: usize,
        /// Good scores that the rate needs.
        needed: usize,
    },
    /// A threshold is NaN or infinite, or the review threshold lies above the other.
    #[error(
        "thresholds must be finite and the one for review ({review_above}) not above the one for rejection ({reject_above})"
    )]
    Thresholds {
        /// The review threshold.
        review_above: f32,
        /// The rejection threshold.
        reject_above: f32,
    },
    /// A threshold and a rate at the same time.
    #[error("give a threshold or a false-reject rate, not both: each determines the other")]
    Both,
    /// A review threshold and a review rate at the same time.
    #[error("give a review threshold or a review rate, not both: each determines the other")]
    BothForReview,
    /// A review threshold or rate without anything to reject by.
    #[error(
        "{option} alone judges nothing: the model has no recorded rule; give a threshold or a false-reject rate as well"
    )]
    NoRule {
        /// The option given.
        option: &'static str,
    },
}
