//! Which option leaves bad test pictures out.

use anyhow::Error;
use cfa_train::error::TrainError;
use cfa_train::evaluation::EvaluationError;

/// Adds the option to an error that names unusable test pictures.
pub(crate) fn with_remedy(error: impl Into<Error>) -> Error {
    let error = error.into();
    let of_training = match error.downcast_ref() {
        Some(TrainError::Evaluation(error)) => Some(error),
        _ => None,
    };
    match of_training.or_else(|| error.downcast_ref::<EvaluationError>()) {
        Some(EvaluationError::Unusable { .. }) => {
            error.context("--skip-bad leaves bad pictures out")
        }
        _ => error,
    }
}
