//! How picture files are read.

use super::Limits;

/// How a picture file becomes a [`Picture`](super::Picture).
///
/// Training and inspection must read with the same options: another option can give
/// other pixels, and so another score.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Which picture files are refused for their size.
    pub limits: Limits,
}

impl From<Limits> for ReadOptions {
    fn from(limits: Limits) -> Self {
        Self { limits }
    }
}
