//! On which cores threads wake.
//!
//! Linux in a virtual machine takes a core that has slept for one that the host has taken away.
//! It then wakes a thread on the core of its caller, where the thread waits for milliseconds.
//! So threads that wait for work are kept off the core of the thread that calls them.

use std::fmt;
use std::str::FromStr;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
use other as system;

pub(crate) use system::Helpers;

/// Whether this library may set on which cores its own threads run.
///
/// Affects speed only, never a result, and has an effect on Linux alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum CoreAffinity {
    /// Before each picture the threads that wait for work are kept off the core of the calling
    /// thread. That is faster in virtual machines. The calling thread itself is never moved, and
    /// a thread never runs on a core that it was not allowed to use when it was started.
    #[default]
    Managed,
    /// No affinity is set. Choose this where the program places its threads itself.
    Untouched,
}

impl CoreAffinity {
    /// The name in options.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Managed => "managed",
            Self::Untouched => "untouched",
        }
    }
}

impl fmt::Display for CoreAffinity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for CoreAffinity {
    type Err = UnknownCoreAffinity;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [Self::Managed, Self::Untouched]
            .into_iter()
            .find(|rule| rule.name() == name)
            .ok_or_else(|| UnknownCoreAffinity(name.to_owned()))
    }
}

/// The name of no rule for the affinity of cores.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no core affinity {0:?}; choose managed or untouched")]
pub struct UnknownCoreAffinity(pub String);

#[cfg(target_os = "linux")]
mod linux {
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

    use rustix::thread::{CpuSet, Pid, gettid, sched_getaffinity, sched_getcpu, sched_setaffinity};

    use super::CoreAffinity;

    /// Threads that wait for work. An empty list stays empty where affinities are untouched.
    #[derive(Debug, Clone, Default)]
    pub(crate) struct Helpers {
        affinity: CoreAffinity,
        threads: Arc<Mutex<Vec<Helper>>>,
    }

    #[derive(Debug)]
    struct Helper {
        thread: Pid,
        /// The cores that it was allowed to use when it was started.
        allowed: CpuSet,
        kept_off: Option<usize>,
    }

    impl Helpers {
        pub(crate) fn new(affinity: CoreAffinity) -> Self {
            Self {
                affinity,
                threads: Arc::default(),
            }
        }

        /// Adds the current thread.
        pub(crate) fn join(&self) {
            if self.affinity == CoreAffinity::Untouched {
                return;
            }
            if let Ok(allowed) = sched_getaffinity(None) {
                self.threads().push(Helper {
                    thread: gettid(),
                    allowed,
                    kept_off: None,
                });
            }
        }

        /// Removes the current thread, which is about to end: the system may give its number to
        /// another thread.
        pub(crate) fn leave(&self) {
            let this = gettid();
            self.threads().retain(|helper| helper.thread != this);
        }

        /// Keeps all threads but the current one off the current core until the next call.
        /// Calls the system only when the caller has moved to another core.
        pub(crate) fn keep_off_this_core(&self) {
            let (this, core) = (gettid(), sched_getcpu());
            for helper in self.threads().iter_mut() {
                if helper.thread != this && helper.kept_off != Some(core) {
                    helper.keep_off(core);
                }
            }
        }

        #[cfg(test)]
        pub(super) fn count(&self) -> usize {
            self.threads().len()
        }

        fn threads(&self) -> MutexGuard<'_, Vec<Helper>> {
            self.threads.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    impl Helper {
        /// A refusal by the system is ignored, because it affects speed only.
        fn keep_off(&mut self, core: usize) {
            let mut others = self.allowed;
            others.unset(core);
            if others.count() > 0 {
                let _refused = sched_setaffinity(Some(self.thread), &others);
                self.kept_off = Some(core);
            }
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]

    use std::sync::mpsc::channel;
    use std::thread;

    use rustix::thread::{CpuSet, gettid, sched_getaffinity, sched_getcpu, sched_setaffinity};

    use super::{CoreAffinity, Helpers};

    fn only(core: usize) -> CpuSet {
        let mut set = CpuSet::new();
        set.set(core);
        set
    }

    /// The test moves the caller from core to core, so that it knows where the caller runs.
    #[test]
    fn helpers_are_kept_off_the_core_of_the_caller_which_may_run_anywhere() {
        let all = sched_getaffinity(None).unwrap();
        if all.count() < 2 {
            eprintln!("skipped: one core");
            return;
        }
        let helpers = Helpers::default();
        helpers.join();
        let (started, threads) = channel();
        let (end, ended) = channel::<()>();
        thread::scope(|scope| {
            let helpers = &helpers;
            scope.spawn(move || {
                helpers.join();
                started.send(gettid()).unwrap();
                ended.iter().for_each(drop);
                helpers.leave();
            });
            let helper = threads.recv().unwrap();
            for core in (0..CpuSet::MAX_CPU)
                .filter(|&core| all.is_set(core))
                .take(3)
            {
                sched_setaffinity(None, &only(core)).unwrap();
                assert_eq!(sched_getcpu(), core);
                helpers.keep_off_this_core();
                let mut others = all;
                others.unset(core);
                assert!(sched_getaffinity(Some(helper)).unwrap() == others);
                assert!(sched_getaffinity(None).unwrap() == only(core));
            }
            drop(end);
        });
        sched_setaffinity(None, &all).unwrap();
        assert_eq!(helpers.count(), 1, "one has left");
    }

    #[test]
    fn untouched_helpers_are_not_even_listed() {
        let helpers = Helpers::new(CoreAffinity::Untouched);
        helpers.join();
        assert_eq!(helpers.count(), 0);
    }

    #[test]
    fn a_helper_that_may_run_on_one_core_only_stays_there() {
        let helpers = Helpers::default();
        let (started, threads) = channel();
        let (end, ended) = channel::<()>();
        let all = sched_getaffinity(None).unwrap();
        thread::scope(|scope| {
            let helpers = &helpers;
            scope.spawn(move || {
                sched_setaffinity(None, &only(sched_getcpu())).unwrap();
                helpers.join();
                started.send((gettid(), sched_getcpu())).unwrap();
                ended.iter().for_each(drop);
            });
            let (helper, core) = threads.recv().unwrap();
            sched_setaffinity(None, &only(core)).unwrap();
            helpers.keep_off_this_core();
            assert!(sched_getaffinity(Some(helper)).unwrap() == only(core));
            drop(end);
        });
        sched_setaffinity(None, &all).unwrap();
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use super::CoreAffinity;

    /// Threads that wait for work, and wake on any core.
    #[derive(Debug, Clone, Default)]
    pub(crate) struct Helpers;

    impl Helpers {
        pub(crate) fn new(_affinity: CoreAffinity) -> Self {
            Self
        }

        pub(crate) fn join(&self) {}

        pub(crate) fn leave(&self) {}

        pub(crate) fn keep_off_this_core(&self) {}
    }
}
