//! Stopping work from another thread.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ort::session::RunOptions;

use crate::network::{NetworkError, OnnxRuntime};

/// Ends the inspections it was given to, from any thread; cheap to clone.
///
/// One serves for one job, such as a picture or a batch: once cancelled, it stays
/// cancelled.
#[derive(Clone)]
pub struct Cancellation {
    flag: Arc<AtomicBool>,
    /// None where ONNX Runtime does not compute.
    run: Option<Arc<RunOptions>>,
}

impl Cancellation {
    /// One that nobody has asked for yet. ONNX Runtime must be loaded, because the
    /// network is stopped through it.
    pub fn new(_loaded: &OnnxRuntime) -> Result<Self, NetworkError> {
        let run = RunOptions::new().map_err(|error| NetworkError::Run(error.into()))?;
        Ok(Self {
            flag: Arc::default(),
            run: Some(Arc::new(run)),
        })
    }

    /// One for an inspector that computes without ONNX Runtime.
    #[cfg(feature = "stand-in")]
    #[must_use]
    pub fn standing_in() -> Self {
        Self {
            flag: Arc::default(),
            run: None,
        }
    }

    /// Asks for the end. The inspection stops at the next operation of the network
    /// or the next part of the search, and gives an error; one that has computed
    /// everything already may still succeed.
    pub fn cancel(&self) {
        self.flag.store(true, Ordering::Relaxed);
        // It can only fail for a null pointer, and the flag stops the rest anyway.
        let _refused = self.run.as_ref().map(|run| run.terminate());
    }

    /// Whether the end was asked for.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.flag.load(Ordering::Relaxed)
    }

    pub(crate) fn flag(&self) -> &AtomicBool {
        &self.flag
    }

    pub(crate) fn run_options(&self) -> Option<&RunOptions> {
        self.run.as_deref()
    }
}

impl fmt::Debug for Cancellation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancellation")
            .field("cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}
