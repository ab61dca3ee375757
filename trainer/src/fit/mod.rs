//! From a folder of good pictures to a bundle: check the pictures, train, export, verify.

mod job;
mod pictures;
mod request;
pub mod seeds;

use cfa_runtime::Cancellation;

pub use request::{FitRequest, FitSummary};
pub use seeds::fit_seeds;

use crate::error::TrainError;
use crate::events::{FitEvent, FitObserver};
use job::Job;

/// Trains a model and writes its bundle.
///
/// # Errors
/// See [`TrainError`]. After an interruption that names a checkpoint
/// ([`Interrupted::Resumable`](crate::interruption::Interrupted::Resumable)) the same request
/// with `resume` goes on where it stopped and ends with the same numbers: bit for bit on the
/// processor; a GPU adds up in no fixed order.
pub fn fit(
    request: &FitRequest,
    observer: &mut dyn FitObserver,
    cancellation: &Cancellation,
) -> Result<FitSummary, TrainError> {
    let job = Job::prepare(request, observer, cancellation)?;
    let summary = job.run(observer, cancellation)?;
    observer.event(&FitEvent::Data(summary.data.clone()));
    Ok(summary)
}
