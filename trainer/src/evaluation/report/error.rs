//! Why there is no report.

use std::io;
use std::path::PathBuf;

use cfa_runtime::inspector::InspectError;

use crate::evaluation::EvaluationError;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A picture that was inspected before cannot be inspected any more.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// Nor its mask be read.
    #[error(transparent)]
    Mask(#[from] EvaluationError),
    /// A picture cannot be made smaller for the page.
    #[error("{} cannot be encoded for the report", path.display())]
    Encode {
        /// The picture.
        path: PathBuf,
        /// Why.
        #[source]
        source: image::ImageError,
    },
    /// The disk is full, the folder not writable, or the like.
    #[error("cannot write the report {}; check that its folder exists and is writable and the disk not full", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}
