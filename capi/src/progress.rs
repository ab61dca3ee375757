//! How the caller learns how a long operation goes on, and stops it.

use std::fmt;
use std::ops::ControlFlow;

use crate::fault::Fault;
use crate::status::CFA_E_CANCELLED;

type Callback = dyn Fn(&str, f32) -> ControlFlow<()> + Send + Sync;

/// Reports phases and fractions to the caller's callback, which may ask for the end. Several
/// threads may use it at once, as they may use the options that hold it.
pub(crate) struct Progress(Box<Callback>);

impl Progress {
    /// The fraction while nobody knows how long it takes.
    pub(crate) const UNKNOWN: f32 = -1.0;

    pub(crate) fn new(
        callback: impl Fn(&str, f32) -> ControlFlow<()> + Send + Sync + 'static,
    ) -> Self {
        Self(Box::new(callback))
    }

    pub(crate) fn report(&self, phase: &str, fraction: f32) -> ControlFlow<()> {
        (self.0)(phase, fraction)
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").finish_non_exhaustive()
    }
}

/// Reports the start or the end of a phase, where stopping is an error at once.
pub(crate) fn report_or_stop(
    progress: Option<&Progress>,
    phase: &str,
    fraction: f32,
) -> Result<(), Fault> {
    match progress.map(|progress| progress.report(phase, fraction)) {
        Some(ControlFlow::Break(())) => Err(Fault::new(
            CFA_E_CANCELLED,
            format!("the progress callback stopped: {phase}"),
        )),
        _ => Ok(()),
    }
}
