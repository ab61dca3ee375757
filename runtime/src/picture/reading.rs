//! How picture files are read.

use super::{Limits, OrientationRule};

/// How a picture file becomes a [`Picture`](super::Picture).
///
/// Training and inspection must read with the same options: another option can give
/// other pixels, and so another score. For a model's pictures they come from
/// [`Preprocessing::reading`](crate::preprocess::Preprocessing::reading).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Which picture files are refused for their size.
    pub limits: Limits,
    /// Whether pictures are turned by the orientation that their files record.
    pub orientation: OrientationRule,
}
