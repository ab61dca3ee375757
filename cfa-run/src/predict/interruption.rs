//! A signal ends the program between two files, not in the middle of one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;

/// While a file is written, a signal that ends the program waits.
#[derive(Debug, Clone, Default)]
pub(super) struct Interruption(Arc<Mutex<()>>);

impl Interruption {
    /// From now on Ctrl-C and SIGTERM wait for the file that is being written, a few
    /// seconds at most, and then end the program as they always do.
    #[cfg(unix)]
    pub(super) fn watched() -> Result<Self> {
        unix::watch(Self::default())
    }

    #[cfg(not(unix))]
    pub(super) fn watched() -> Result<Self> {
        Ok(Self::default())
    }

    /// Until the guard is dropped.
    pub(super) fn held_off(&self) -> MutexGuard<'_, ()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(unix)]
mod unix {
    use std::sync::TryLockError;
    use std::thread::{self, sleep};
    use std::time::{Duration, Instant};

    use anyhow::{Context, Result};
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    use super::Interruption;

    /// A disk that takes longer does not answer.
    const PATIENCE: Duration = Duration::from_secs(5);

    pub(super) fn watch(interruption: Interruption) -> Result<Interruption> {
        let mut signals = Signals::new([SIGINT, SIGTERM]).context("signals cannot be watched")?;
        let watched = interruption.clone();
        let watch = move || {
            for signal in signals.forever() {
                let _file = watched.when_written();
                // Ends the program; if it cannot, there is nothing left to try.
                drop(emulate_default_handler(signal));
            }
        };
        let thread = thread::Builder::new().name("cfa-signals".to_owned());
        thread.spawn(watch).context("signals cannot be watched")?;
        Ok(interruption)
    }

    impl Interruption {
        /// Whoever gets the guard keeps others from beginning a file; `None` after a long
        /// wait.
        fn when_written(&self) -> Option<std::sync::MutexGuard<'_, ()>> {
            let started = Instant::now();
            while started.elapsed() < PATIENCE {
                match self.0.try_lock() {
                    Ok(guard) => return Some(guard),
                    Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
                    Err(TryLockError::WouldBlock) => sleep(Duration::from_millis(5)),
                }
            }
            None
        }
    }
}
