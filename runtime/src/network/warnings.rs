//! What ONNX Runtime says, kept instead of printed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ort::logging::{LogLevel, LoggerFunction};

/// Warnings beyond this number are dropped.
const MOST_KEPT: usize = 64;

/// A list shared with the logger of a session.
#[derive(Debug, Clone, Default)]
pub(super) struct Warnings(Arc<Mutex<Vec<String>>>);

impl Warnings {
    /// Writes warnings to the list. Errors are left out: they come back from the
    /// call that failed.
    pub(super) fn logger(&self) -> LoggerFunction {
        self.logger_of(LogLevel::Warning)
    }

    /// Writes errors to the list, of which the call that failed says less: what was wrong
    /// with a provider.
    pub(super) fn error_logger(&self) -> LoggerFunction {
        self.logger_of(LogLevel::Error)
    }

    /// Takes on more, from elsewhere.
    pub(super) fn extend(&self, messages: impl IntoIterator<Item = String>) {
        let mut kept = self.lock();
        let room = MOST_KEPT.saturating_sub(kept.len());
        kept.extend(messages.into_iter().take(room));
    }

    fn logger_of(&self, wanted: LogLevel) -> LoggerFunction {
        let list = self.clone();
        Arc::new(move |level, _category, _id, _location, message| {
            let mut kept = list.lock();
            if level == wanted && kept.len() < MOST_KEPT {
                kept.push(message.trim().to_owned());
            }
        })
    }

    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.lock())
    }

    /// A panic elsewhere cannot leave the list half changed.
    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
