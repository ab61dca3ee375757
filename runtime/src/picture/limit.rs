//! Which bound a picture is too large for.

/// One of the bounds of [`Limits`](super::Limits) that a picture is too large for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// [`Limits::max_encoded_bytes`](super::Limits::max_encoded_bytes).
    EncodedBytes,
    /// [`Limits::max_side_px`](super::Limits::max_side_px).
    Side,
    /// [`Limits::max_pixels`](super::Limits::max_pixels).
    Pixels,
}
