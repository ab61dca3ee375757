use cfa_runtime::BrokenInvariant;
use cfa_runtime::inspector::InspectError;
use cfa_runtime::picture::PictureError;

use super::{LeftOut, MapFolderError};
use crate::dataset::{BadPicture, DatasetError, Listed};
use crate::evaluation::metrics::MetricsError;
use crate::interruption::Interrupted;

/// The reason why a set cannot be evaluated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// A picture cannot be inspected.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// A picture cannot be used.
    #[error(transparent)]
    Picture(#[from] Box<BadPicture>),
    /// A mask cannot be read.
    #[error(transparent)]
    Mask(#[from] PictureError),
    /// The data set has no test pictures, or lacks masks.
    #[error(transparent)]
    Dataset(DatasetError),
    /// A figure cannot be made of the scores.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// A map cannot be written.
    #[error(transparent)]
    MapFolder(#[from] MapFolderError),
    /// The work was stopped.
    #[error("{0}")]
    Interrupted(#[from] Interrupted),
    /// A mask drawn on the stored pixels of a picture that is turned.
    #[error(
        "{mask} is {mask_size:?} px (width, height), the size of its picture before it is turned by its \
         orientation ({orientation}); give the mask the same orientation, turn it, or train and test with \
         stored pixels"
    )]
    UnturnedMask {
        /// The mask's file.
        mask: String,
        /// Its width and height.
        mask_size: (u32, u32),
        /// The orientation in the picture's file, 2 to 8.
        orientation: u8,
    },
    /// A mask that belongs to another picture.
    #[error(
        "{mask} is {mask_size:?} px, its picture {picture_size:?} px (width, height); draw it again in the picture's size"
    )]
    MaskSize {
        /// The mask's file.
        mask: String,
        /// Its width and height.
        mask_size: (u32, u32),
        /// Width and height of the picture.
        picture_size: (u32, u32),
    },
    /// A mask that shows more than ground and defects.
    #[error(
        "{mask} is not drawn in two values: {unclear_percent} % of its pixels lie between ground and defect \
         ({distinct} different values); draw it again with 0 for the ground and 255 for defects"
    )]
    UnclearMask {
        /// The mask's file.
        mask: String,
        /// Different values.
        distinct: usize,
        /// Share of the pixels that are near neither end of the range.
        unclear_percent: u64,
    },
    /// Masks whose ground is set.
    #[error(
        "{inverted} of {masks} masks look inverted, such as {first}: they are set nearly everywhere along \
         the border and in more than half of the picture; draw the ground with 0 and defects with 255, or \
         leave out all masks to test without pixel figures"
    )]
    InvertedMasks {
        /// One of them.
        first: String,
        /// Number of inverted masks.
        inverted: usize,
        /// The number of all.
        masks: usize,
    },
    /// Pictures or masks that cannot be used.
    #[error(
        "these test pictures or their masks cannot be used ({}); repair or remove them:{}",
        left_out.len(),
        Listed(left_out.iter().collect())
    )]
    Unusable {
        /// All of them.
        left_out: Vec<LeftOut>,
    },
    /// A bug of this program.
    #[error(transparent)]
    Internal(#[from] BrokenInvariant),
}

impl From<DatasetError> for EvaluationError {
    fn from(error: DatasetError) -> Self {
        match error {
            DatasetError::Interrupted(interrupted) => interrupted.into(),
            other => Self::Dataset(other),
        }
    }
}
