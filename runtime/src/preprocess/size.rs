//! Sizes of pictures, as rows and columns.

use serde::{Deserialize, Serialize};

/// Largest side that a recipe may resize to.
pub(super) const MAX_SIDE_PX: usize = 4096;

/// Height and width in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}
