//! Why there is no report.

use std::io;
use std::path::PathBuf;

use cfa_runtime::BrokenInvariant;
use cfa_runtime::inspector::InspectError;

use crate::evaluation::EvaluationError;
use crate::evaluation::metrics::MetricsError;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A picture that was inspected before cannot be inspected any more.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// A mask that was read before cannot be read any more.
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
    /// The curves cannot be drawn from these scores.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The manifest of the bundle has no JSON form: a bug.
    #[error("internal error: the manifest of the model has no JSON form; please report this")]
    Manifest(#[source] serde_json::Error),
    /// A bug of this program.
    #[error(transparent)]
    Internal(#[from] BrokenInvariant),
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
