//! An inspector for a host with several threads, such as a server or a library for C.
//!
//! A [`Session`] lets one call compute at a time and refuses another one meanwhile instead of
//! letting it wait. Any thread may cancel the call that computes, or ask for the
//! [facts](SessionFacts). In a forked process, where its threads are missing, every call is an
//! error at once.

mod error;
mod facts;
mod job;
mod notes;
#[cfg(test)]
mod tests;

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

pub use error::SessionError;
pub use facts::{LibraryFacts, RefusedProvider, SessionFacts};
pub use job::Job;
pub use notes::SessionWarning;

use crate::cancellation::Cancellation;
use crate::inspector::{Inspection, Inspector, Source};
use crate::process::{Forked, Process};
use crate::verify::VerifyReport;
use notes::Notes;

/// Inspects pictures with one model, one call at a time, for any thread.
///
/// ```no_run
/// use std::path::Path;
/// use std::sync::Arc;
/// use std::thread;
/// use cfa_runtime::session::{Session, SessionError};
/// use cfa_runtime::{Inspector, InspectorOptions, OnnxRuntime};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let library = OnnxRuntime::load(Path::new("libonnxruntime.so"))?;
/// let options = InspectorOptions::default();
/// let inspector = Inspector::open(Path::new("my_product.cfa"), &library, &options)?;
/// let session = Arc::new(Session::new(inspector));
/// if !session.self_test()?.ok() {
///     return Err("this machine computes other results than were recorded".into());
/// }
///
/// let watchdog = thread::spawn({
///     let session = Arc::clone(&session);
///     move || session.cancel()
/// });
/// let encoded = std::fs::read("part.png")?;
/// match session.inspect(&encoded[..]) {
///     Ok(inspection) => println!("{}", inspection.score),
///     Err(SessionError::Busy) => println!("try again"),
///     Err(error) => println!("{error}"),
/// }
/// println!("{}", serde_json::to_string(&session.facts()?)?);
/// # watchdog.join().ok();
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Session {
    inspector: Mutex<Inspector>,
    /// The process that has made it.
    home: Process,
    /// Stops the call that is computing.
    running: Mutex<Option<Cancellation>>,
    /// The facts that do not change; the notes are added when facts are asked for.
    facts: SessionFacts,
    notes: Mutex<Notes>,
}

impl Session {
    /// Makes a session of an inspector.
    #[must_use]
    pub fn new(inspector: Inspector) -> Self {
        let mut notes = Notes::default();
        notes.keep(inspector.take_warnings());
        Self {
            facts: SessionFacts::new(&inspector),
            inspector: Mutex::new(inspector),
            home: Process::current(),
            running: Mutex::default(),
            notes: Mutex::new(notes),
        }
    }

    /// The right to compute, until the job is dropped.
    ///
    /// # Errors
    /// [`SessionError::Busy`] while another job exists, [`SessionError::Panicked`] after a job
    /// that panicked, [`SessionError::Forked`] in another process.
    pub fn begin(&self) -> Result<Job<'_>, SessionError> {
        self.check_process()?;
        let inspector = self.inspector.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => SessionError::Busy,
            TryLockError::Poisoned(_) => SessionError::Panicked,
        })?;
        let cancellation = Cancellation::new();
        *locked(&self.running) = Some(cancellation.clone());
        Ok(Job {
            session: self,
            inspector,
            cancellation,
        })
    }

    /// Inspects one picture; see [`Inspector::inspect`].
    ///
    /// # Errors
    /// The errors of [`begin`](Self::begin), and [`SessionError::Inspect`].
    pub fn inspect<'a>(&self, source: impl Into<Source<'a>>) -> Result<Inspection, SessionError> {
        Ok(self.begin()?.inspect(source)?)
    }

    /// Replays the results recorded in the bundle; see [`verify::replay`](crate::verify::replay).
    ///
    /// # Errors
    /// The errors of [`inspect`](Self::inspect). A difference is no error; the report tells of it.
    pub fn self_test(&self) -> Result<VerifyReport, SessionError> {
        Ok(self.begin()?.self_test()?)
    }

    /// Ends the call that is computing; see [`Cancellation::cancel`]. Nothing happens without
    /// one, and in a forked process.
    pub fn cancel(&self) {
        if self.check_process().is_err() {
            return;
        }
        if let Some(running) = &*locked(&self.running) {
            running.cancel();
        }
    }

    /// What computes, and what is to be known of the pictures so far. Never waits for a call
    /// that computes.
    ///
    /// # Errors
    /// This is another process than the one that made the session.
    pub fn facts(&self) -> Result<SessionFacts, Forked> {
        self.check_process()?;
        let notes = locked(&self.notes);
        Ok(SessionFacts {
            warnings: notes.warnings.clone(),
            damage: notes.damage.clone(),
            ..self.facts.clone()
        })
    }

    /// In another process threads are missing, and some of them may have held locks.
    fn check_process(&self) -> Result<(), Forked> {
        if self.home.is_current() {
            return Ok(());
        }
        Err(Forked)
    }
}

/// A panic cannot leave what these locks protect half changed.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
