//! The two ways in which a TIFF is refused.

use crate::picture::PictureProblem;

/// The remedy for most features that are not read.
pub(super) const SAVE_PLAINLY: &str = "save as gray or RGB with 8 or 16 bits a sample";

/// A feature that is known and not read.
pub(super) fn unsupported(feature: impl Into<String>, remedy: &'static str) -> PictureProblem {
    PictureProblem::UnsupportedTiff {
        feature: feature.into(),
        remedy,
    }
}

/// A file that contradicts itself or ends too early.
pub(super) fn damaged(reason: impl Into<String>) -> PictureProblem {
    PictureProblem::DamagedTiff {
        reason: reason.into(),
    }
}
