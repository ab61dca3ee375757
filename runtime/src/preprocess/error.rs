//! Why a recipe cannot be carried out.

use super::size::{MAX_SIDE_PX, Size};

/// A recipe that cannot be carried out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PreprocessError {
    /// A side of `resize` is zero or larger than [`Preprocessing::MAX_SIDE_PX`](super::Preprocessing::MAX_SIDE_PX).
    #[error(
        "preprocessing.resize is {height}×{width} px (height × width); each side must be 1 to {max} px",
        max = MAX_SIDE_PX
    )]
    ResizeOutOfRange {
        /// Rows asked for.
        height: usize,
        /// Columns asked for.
        width: usize,
    },
    /// A side of `center_crop` is zero or larger than that of `resize`.
    #[error(
        "preprocessing.center_crop is {}×{} px (height × width); each side must be at least 1 \
         and no larger than the resized picture, {}×{} px",
        crop.height, crop.width, resize.height, resize.width
    )]
    CropOutOfRange {
        /// The crop asked for.
        crop: Size,
        /// The size it is cut from.
        resize: Size,
    },
    /// The shorter-side rule without a square size or without a crop.
    #[error(
        "preprocessing.aspect \"shorter_side\" needs a square resize and a centre crop; resize is {}×{} px (height × width)",
        resize.height, resize.width
    )]
    ShorterSide {
        /// The size asked for.
        resize: Size,
    },
    /// A picture so long and thin that its longer side passes the limit.
    #[error(
        "the picture would be resized to {}×{} px (height × width), beyond {max} px; cut it into shorter pieces",
        resized.height, resized.width, max = MAX_SIDE_PX
    )]
    TooLong {
        /// Its size after the resize.
        resized: Size,
    },
    /// A mean that is not finite, a deviation that is not a positive number, or black or white
    /// that would be too large a number.
    #[error(
        "preprocessing.mean {mean:?} must be finite and preprocessing.std {std:?} above zero, and large enough for finite results"
    )]
    Normalisation {
        /// The mean given.
        mean: [f32; 3],
        /// The deviation given.
        std: [f32; 3],
    },
    /// The resize itself failed.
    #[error("the picture could not be resized: {reason}")]
    Resize {
        /// Message of the resizer.
        reason: String,
    },
}
