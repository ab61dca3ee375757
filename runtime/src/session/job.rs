//! One call that computes.

use std::sync::MutexGuard;

use super::{Session, locked};
use crate::cancellation::Cancellation;
use crate::inspector::{InspectError, Inspection, Inspector, Source};
use crate::picture::{Picture, PictureError, ReadOptions};
use crate::verify::{self, VerifyReport};

/// The right to compute in a [`Session`], for one picture or for several in a row.
/// [`Session::cancel`] ends all that is done under it.
#[derive(Debug)]
pub struct Job<'a> {
    pub(super) session: &'a Session,
    pub(super) inspector: MutexGuard<'a, Inspector>,
    pub(super) cancellation: Cancellation,
}

impl Job<'_> {
    /// Inspects one picture; see [`Inspector::inspect`].
    ///
    /// # Errors
    /// The picture cannot be inspected, or [`Session::cancel`] was called.
    pub fn inspect<'a>(
        &mut self,
        source: impl Into<Source<'a>>,
    ) -> Result<Inspection, InspectError> {
        let inspection = self
            .inspector
            .inspect_cancellable(source, &self.cancellation)?;
        // A cancellation after the last stage has looked still counts.
        self.check_cancelled()?;
        locked(&self.session.notes).take_note(&inspection);
        Ok(inspection)
    }

    /// Replays the results recorded in the bundle; see [`verify::replay`]. It is not cancelled.
    ///
    /// # Errors
    /// A recorded picture cannot be inspected at all. A difference is no error.
    pub fn self_test(&mut self) -> Result<VerifyReport, InspectError> {
        verify::replay(&mut self.inspector)
    }

    /// Decodes the bytes of a picture file as [`inspect`](Self::inspect) does.
    ///
    /// # Errors
    /// The bytes are no picture, or one beyond the limits.
    pub fn decode(&self, encoded: &[u8]) -> Result<Picture, PictureError> {
        Picture::decode(encoded, self.reading())
    }

    /// How picture files are read, with the limits on their size.
    #[must_use]
    pub fn reading(&self) -> &ReadOptions {
        self.inspector.reading()
    }

    /// Checks whether the job was cancelled. A host asks once more before it hands out results.
    ///
    /// # Errors
    /// [`InspectError::Cancelled`] once [`Session::cancel`] was called.
    pub fn check_cancelled(&self) -> Result<(), InspectError> {
        if self.cancellation.is_cancelled() {
            return Err(InspectError::Cancelled);
        }
        Ok(())
    }
}

impl Drop for Job<'_> {
    fn drop(&mut self) {
        *locked(&self.session.running) = None;
        locked(&self.session.notes).keep(self.inspector.take_warnings());
    }
}
