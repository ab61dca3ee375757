//! One picture: a queue of one, without a thread between its stages.

use std::path::Path;

use super::{InspectError, Inspection, Inspector, Source};
use crate::cancellation::Cancellation;
use crate::invariant::BrokenInvariant;

impl Inspector {
    /// Inspects a picture: a file by its path, the bytes of a file, or decoded pixels of any
    /// size.
    ///
    /// A picture gives equal bits by every way in, and with any number of threads.
    /// Features that are not finite are an error.
    pub fn inspect<'a>(
        &mut self,
        source: impl Into<Source<'a>>,
    ) -> Result<Inspection, InspectError> {
        self.inspect_one(source.into(), None)
    }

    /// Inspects a picture, and gives up with [`InspectError::Cancelled`] when `cancellation`
    /// asks for it.
    pub fn inspect_cancellable<'a>(
        &mut self,
        source: impl Into<Source<'a>>,
        cancellation: &Cancellation,
    ) -> Result<Inspection, InspectError> {
        self.inspect_one(source.into(), Some(cancellation))
    }

    /// Inspects a picture file; `decode_ms` covers reading and decoding it.
    pub fn inspect_path(&mut self, path: &Path) -> Result<Inspection, InspectError> {
        self.inspect(path)
    }

    /// Inspects the bytes of a picture file; `decode_ms` covers decoding them.
    pub fn inspect_bytes(&mut self, encoded: &[u8]) -> Result<Inspection, InspectError> {
        self.inspect(encoded)
    }

    fn inspect_one(
        &mut self,
        source: Source<'_>,
        cancellation: Option<&Cancellation>,
    ) -> Result<Inspection, InspectError> {
        let pool = self.workers.pool()?;
        let prepared = self.intake.prepare(source, cancellation, Some(&pool))?;
        let described = self.describe(vec![Ok(prepared)], cancellation).pop();
        let described = described.ok_or(BrokenInvariant("each picture has a result"))??;
        self.workers.helpers.keep_off_this_core();
        self.model
            .finish(described, self.rule, cancellation, Some(&pool))
    }
}
