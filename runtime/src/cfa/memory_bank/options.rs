//! How a search is done: cancellation, threads and buffers.

use std::sync::{Mutex, PoisonError};

use rayon::ThreadPool;

use super::plain::PlainScratch;
use super::pruned::PrunedScratch;
use crate::cancellation::Cancellation;

/// Buffers of searches, kept so that a further search allocates nothing.
#[derive(Debug, Default)]
pub struct SearchScratch {
    threads: Mutex<Vec<TileScratch>>,
}

/// How a search is done.
#[derive(Debug, Clone, Copy)]
pub struct SearchOptions<'a> {
    /// Ends the search with an error when it is cancelled.
    pub cancellation: &'a Cancellation,
    /// Threads that help the calling one; `None` takes those of the pool that it is in.
    pub helpers: Option<&'a ThreadPool>,
    /// Buffers to use.
    pub scratch: &'a SearchScratch,
}

impl SearchOptions<'_> {
    /// Has several threads do `work`, which shares it out.
    ///
    /// The calling thread begins at once, the others join it when they are awake.
    pub(super) fn share(&self, work: &(dyn Fn() + Sync)) {
        match self.helpers {
            Some(pool) => pool.in_place_scope(|scope| {
                with_helpers(scope, pool.current_num_threads() - 1, work);
            }),
            None => rayon::in_place_scope(|scope| {
                with_helpers(scope, rayon::current_num_threads() - 1, work);
            }),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct TileScratch {
    pub(super) rows: Vec<f32>,
    pub(super) squared_norms: Vec<f32>,
    pub(super) pruned: PrunedScratch,
    pub(super) plain: PlainScratch,
}

impl SearchScratch {
    pub(super) fn take(&self) -> TileScratch {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        // The first search of a thread begins with empty buffers.
        threads.pop().unwrap_or_else(TileScratch::default)
    }

    pub(super) fn give_back(&self, scratch: TileScratch) {
        self.threads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(scratch);
    }
}

fn with_helpers<'s>(scope: &rayon::Scope<'s>, helpers: usize, work: &'s (dyn Fn() + Sync)) {
    for _ in 0..helpers {
        scope.spawn(|_| work());
    }
    work();
}
