//! Messages of ONNX Runtime, kept instead of printed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ort::logging::{LogLevel, LoggerFunction};

/// Warnings beyond this number are dropped.
const MOST_KEPT: usize = 64;

/// A list shared with the logger of a session.
#[derive(Debug, Clone, Default)]
pub(super) struct Warnings(Arc<Mutex<Vec<String>>>);

impl Warnings {
    /// Writes warnings to the list. Errors are left out, because the call that failed returns
    /// them.
    pub(super) fn logger(&self) -> LoggerFunction {
        self.logger_for(LogLevel::Warning)
    }

    /// Writes errors to the list. They explain more about a provider than the error of the
    /// call that failed.
    pub(super) fn error_logger(&self) -> LoggerFunction {
        self.logger_for(LogLevel::Error)
    }

    /// Adds messages of this library.
    pub(super) fn extend(&self, messages: impl IntoIterator<Item = String>) {
        let mut kept = self.lock();
        let room = MOST_KEPT.saturating_sub(kept.len());
        kept.extend(messages.into_iter().take(room));
    }

    fn logger_for(&self, wanted: LogLevel) -> LoggerFunction {
        let list = self.clone();
        Arc::new(move |level, _category, _id, _location, message| {
            let mut kept = list.lock();
            if level == wanted && kept.len() < MOST_KEPT {
                kept.push(message.trim().to_owned());
            }
        })
    }

    /// Empties the list.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.lock())
    }

    /// No panic can leave the list half changed.
    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
