//! The threads that compute everything but the network.

use std::num::NonZeroUsize;
use std::sync::Arc;

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

use super::OpenError;
use crate::cores::{CoreAffinity, Helpers};
use crate::process::{Forked, Threaded};

/// A pool of threads, for the process that started them.
#[derive(Debug)]
pub(super) struct Workers {
    pool: Threaded<Arc<ThreadPool>>,
    /// The threads of the pool.
    pub(super) helpers: Helpers,
    pub(super) count: usize,
}

impl Workers {
    /// `None` takes as many threads as the machine offers.
    pub(super) fn start(threads: Option<usize>, affinity: CoreAffinity) -> Result<Self, OpenError> {
        let count = threads.unwrap_or_else(available_threads);
        if count == 0 {
            return Err(OpenError::NoThreads);
        }
        let helpers = Helpers::new(affinity);
        let pool = pool(count, &helpers)?;
        Ok(Self {
            pool: Threaded::new(Arc::new(pool)),
            helpers,
            count,
        })
    }

    /// The pool, in the process that its threads were started in.
    pub(super) fn pool(&self) -> Result<Arc<ThreadPool>, Forked> {
        Ok(Arc::clone(self.pool.here()?))
    }
}

/// Work of a queue that panics becomes an error of its picture.
pub(super) fn pool(threads: usize, helpers: &Helpers) -> Result<ThreadPool, ThreadPoolBuildError> {
    let (begins, ends) = (helpers.clone(), helpers.clone());
    ThreadPoolBuilder::new()
        .num_threads(threads)
        .start_handler(move |_number| begins.join())
        .exit_handler(move |_number| ends.leave())
        .panic_handler(|_payload| {})
        .build()
}

fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]

    use rustix::thread::sched_getaffinity;

    use super::*;

    #[test]
    fn untouched_workers_may_run_where_the_process_may() {
        let own = sched_getaffinity(None).unwrap();
        let several = own.count() > 1;
        for (affinity, is_set) in [
            (CoreAffinity::Managed, several),
            (CoreAffinity::Untouched, false),
        ] {
            let workers = Workers::start(Some(2), affinity).unwrap();
            let pool = workers.pool().unwrap();
            // All threads have started then.
            pool.broadcast(|_thread| ());
            workers.helpers.keep_off_this_core();
            let cores = pool.broadcast(|_thread| sched_getaffinity(None).unwrap());
            assert_eq!(cores.iter().any(|&cores| cores != own), is_set);
        }
    }
}
