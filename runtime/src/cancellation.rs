//! Stopping work from another thread.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Asks the work that it was given to for its end, from any thread. Clones share one state.
///
/// One `Cancellation` serves one job, such as a picture or a queue of pictures: once
/// cancelled, it stays cancelled.
///
/// ```
/// use cfa_runtime::Cancellation;
///
/// let cancellation = Cancellation::new();
/// let remote = cancellation.clone();
/// std::thread::spawn(move || remote.cancel()).join().unwrap();
/// assert!(cancellation.is_cancelled());
/// ```
#[derive(Clone, Default)]
pub struct Cancellation(Arc<State>);

#[derive(Default)]
struct State {
    cancelled: AtomicBool,
    /// These end operations that cannot look at the flag, such as a run of the network.
    stops: Mutex<Vec<Arc<Stop>>>,
}

type Stop = dyn Fn() + Send + Sync;

impl Cancellation {
    /// A new one, not cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for the end and returns at once. An inspection stops at the next operation of the
    /// network or the next part of the search, and gives an error. An inspection that has
    /// already computed everything may still succeed.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
        for stop in self.stops().iter() {
            stop();
        }
    }

    /// Whether the end was asked for.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Relaxed)
    }

    /// Does `work`; a cancellation before or meanwhile calls `stop`, from any thread.
    pub(crate) fn stopping<T>(
        &self,
        stop: impl Fn() + Send + Sync + 'static,
        work: impl FnOnce() -> T,
    ) -> T {
        let stop: Arc<Stop> = Arc::new(stop);
        self.stops().push(Arc::clone(&stop));
        let registered = Registered {
            cancellation: self,
            stop,
        };
        // Whoever cancelled before the push has not seen `stop`.
        if self.is_cancelled() {
            (registered.stop)();
        }
        work()
    }

    /// A panic elsewhere cannot leave the list half changed.
    fn stops(&self) -> MutexGuard<'_, Vec<Arc<Stop>>> {
        self.0.stops.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes its entry when the work ends, also by a panic.
struct Registered<'a> {
    cancellation: &'a Cancellation,
    stop: Arc<Stop>,
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        let mut stops = self.cancellation.stops();
        stops.retain(|stop| !Arc::ptr_eq(stop, &self.stop));
    }
}

impl fmt::Debug for Cancellation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancellation")
            .field("cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "a test breaks the code on purpose")]

    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn counter() -> (Arc<AtomicUsize>, impl Fn() + Send + Sync + 'static) {
        let stopped = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&stopped);
        let stop = move || {
            counted.fetch_add(1, Ordering::SeqCst);
        };
        (stopped, stop)
    }

    #[test]
    fn work_is_stopped_once_when_it_was_cancelled_before_or_meanwhile() {
        let cancellation = Cancellation::new();
        let (stopped, stop) = counter();
        cancellation.stopping(stop, || {
            assert_eq!(stopped.load(Ordering::SeqCst), 0);
            cancellation.clone().cancel();
            assert_eq!(stopped.load(Ordering::SeqCst), 1);
        });
        let (stopped, stop) = counter();
        cancellation.stopping(stop, || assert_eq!(stopped.load(Ordering::SeqCst), 1));
    }

    #[test]
    fn work_that_has_ended_is_not_stopped() {
        let cancellation = Cancellation::new();
        let (stopped, stop) = counter();
        cancellation.stopping(stop, || ());
        let (panicked, stop) = counter();
        let work = || cancellation.stopping(stop, || panic!("on purpose"));
        assert!(catch_unwind(AssertUnwindSafe(work)).is_err());
        cancellation.cancel();
        assert_eq!(stopped.load(Ordering::SeqCst), 0);
        assert_eq!(panicked.load(Ordering::SeqCst), 0);
    }
}
