//! On which cores threads wake.
//!
//! Linux in a virtual machine takes a core that has slept for one that the host has taken away,
//! and rather wakes a thread on the core of the one that calls it, where it waits for
//! milliseconds. So those who will be called are kept off the core of the caller.

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
use other as system;

pub(crate) use system::Helpers;

#[cfg(target_os = "linux")]
mod linux {
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

    use rustix::thread::{CpuSet, Pid, gettid, sched_getaffinity, sched_getcpu, sched_setaffinity};

    /// Threads that wait to be called.
    #[derive(Debug, Clone, Default)]
    pub(crate) struct Helpers(Arc<Mutex<Vec<Helper>>>);

    #[derive(Debug)]
    struct Helper {
        thread: Pid,
        /// Where it might run when it was started.
        allowed: CpuSet,
        kept_off: Option<usize>,
    }

    impl Helpers {
        /// Makes the current thread one of them.
        pub(crate) fn join(&self) {
            if let Ok(allowed) = sched_getaffinity(None) {
                self.threads().push(Helper {
                    thread: gettid(),
                    allowed,
                    kept_off: None,
                });
            }
        }

        /// The current thread is about to end: its number may soon be another's.
        pub(crate) fn leave(&self) {
            let this = gettid();
            self.threads().retain(|helper| helper.thread != this);
        }

        /// Lets all but the current thread wake on other cores than the current one, until
        /// the next call. Asks the system only when the caller has moved.
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
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    impl Helper {
        /// What the system refuses changes the time alone.
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

    use super::Helpers;

    fn only(core: usize) -> CpuSet {
        let mut set = CpuSet::new();
        set.set(core);
        set
    }

    /// The caller is held on one core after the other, so that the test knows where it is.
    #[test]
    fn helpers_are_kept_off_the_core_of_the_caller_who_may_run_anywhere() {
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
    /// Threads that wait to be called, and wake where the system likes.
    #[derive(Debug, Clone, Default)]
    pub(crate) struct Helpers;

    impl Helpers {
        pub(crate) fn join(&self) {}

        pub(crate) fn leave(&self) {}

        pub(crate) fn keep_off_this_core(&self) {}
    }
}
