//! The process that threads belong to: they do not exist in a forked process.

use std::{mem, process};

/// A process, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Process {
    id: u32,
}

impl Process {
    pub(crate) fn current() -> Self {
        Self { id: process::id() }
    }

    pub(crate) fn is_current(self) -> bool {
        self == Self::current()
    }
}

/// The threads that are needed stayed in another process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this process was forked after the session was made, and the threads that compute stayed in \
     the parent process; make a session in this process, or start it without fork \
     (in Python: the start method \"spawn\")"
)]
pub struct Forked;

/// A value with threads of its own, which can be used only in the process that made it.
///
/// In another process it is not even dropped, because dropping it would wait for ever for
/// threads that do not exist there.
#[derive(Debug)]
pub(crate) struct Threaded<T> {
    /// `None` only while it is being dropped.
    value: Option<T>,
    home: Process,
}

impl<T> Threaded<T> {
    pub(crate) fn new(value: T) -> Self {
        Self::made_by(Process::current(), value)
    }

    fn made_by(home: Process, value: T) -> Self {
        Self {
            value: Some(value),
            home,
        }
    }

    pub(crate) fn here(&self) -> Result<&T, Forked> {
        let value = self.value.as_ref();
        value.filter(|_| self.home.is_current()).ok_or(Forked)
    }

    pub(crate) fn here_mut(&mut self) -> Result<&mut T, Forked> {
        let value = self.value.as_mut();
        value.filter(|_| self.home.is_current()).ok_or(Forked)
    }
}

impl<T> Drop for Threaded<T> {
    fn drop(&mut self) {
        if !self.home.is_current() {
            mem::forget(self.value.take());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]
    use std::rc::Rc;

    use super::*;

    const ELSEWHERE: Process = Process { id: 0 };

    #[test]
    fn a_value_is_used_and_dropped_at_home_alone() {
        let value = Rc::new(7);
        let mut at_home = Threaded::new(Rc::clone(&value));
        assert_eq!(**at_home.here().unwrap(), 7);
        assert_eq!(**at_home.here_mut().unwrap(), 7);
        let mut elsewhere = Threaded::made_by(ELSEWHERE, Rc::clone(&value));
        assert_eq!(elsewhere.here(), Err(Forked));
        assert_eq!(elsewhere.here_mut(), Err(Forked));
        assert_eq!(Rc::strong_count(&value), 3);
        drop(at_home);
        assert_eq!(Rc::strong_count(&value), 2);
        drop(elsewhere);
        assert_eq!(Rc::strong_count(&value), 2, "left alone");
    }
}
