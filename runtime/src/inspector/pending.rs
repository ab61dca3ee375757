//! A result that another thread is working on.

use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

use rayon::ThreadPool;

use super::InspectError;

/// The result of work in a pool.
#[derive(Debug)]
pub(super) struct Pending<T> {
    result: Receiver<Result<T, InspectError>>,
    arrived: Option<Result<T, InspectError>>,
}

impl<T: Send + 'static> Pending<T> {
    pub(super) fn in_pool(
        pool: &ThreadPool,
        work: impl FnOnce() -> Result<T, InspectError> + Send + 'static,
    ) -> Self {
        let (sender, result) = sync_channel(1);
        // Nobody waits any more when the iterator was dropped early.
        pool.spawn(move || drop(sender.send(work())));
        Self {
            result,
            arrived: None,
        }
    }

    pub(super) fn failed(error: InspectError) -> Self {
        let (_nobody, result) = sync_channel(1);
        Self {
            result,
            arrived: Some(Err(error)),
        }
    }

    /// Whether waiting takes no time.
    pub(super) fn is_ready(&mut self) -> bool {
        if self.arrived.is_none() {
            self.arrived = match self.result.try_recv() {
                Ok(result) => Some(result),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => Some(Err(InspectError::Abandoned)),
            };
        }
        self.arrived.is_some()
    }

    pub(super) fn wait(self) -> Result<T, InspectError> {
        let wait = || self.result.recv().unwrap_or(Err(InspectError::Abandoned));
        self.arrived.unwrap_or_else(wait)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "for tests only")]

    use std::thread;

    use super::super::workers::pool;
    use super::*;
    use crate::cores::Helpers;

    #[test]
    fn work_that_panics_is_an_error_of_its_picture() {
        let pool = pool(1, &Helpers::default()).unwrap();
        let lost = Pending::<()>::in_pool(&pool, || panic!("as this test wants it"));
        assert!(matches!(lost.wait(), Err(InspectError::Abandoned)));
        assert_eq!(Pending::in_pool(&pool, || Ok(7)).wait().unwrap(), 7);
    }

    #[test]
    fn a_result_that_was_seen_to_be_there_is_still_given() {
        let (sender, result) = sync_channel(1);
        let mut pending = Pending {
            result,
            arrived: None,
        };
        assert!(!pending.is_ready());
        sender.send(Ok(7)).unwrap();
        assert!(pending.is_ready() && pending.is_ready());
        assert_eq!(pending.wait().unwrap(), 7);
        let mut lost = Pending::<()>::in_pool(&pool(1, &Helpers::default()).unwrap(), || {
            panic!("as this test wants it")
        });
        while !lost.is_ready() {
            thread::yield_now();
        }
        assert!(matches!(lost.wait(), Err(InspectError::Abandoned)));
    }
}
