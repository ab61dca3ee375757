use cfa_runtime::inspector::InspectError;
use cfa_runtime::picture::PictureError;

use super::MapFolderError;
use crate::dataset::{BadPicture, DatasetError};
use crate::metrics::MetricsError;

/// Why a set cannot be evaluated.
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
    Dataset(#[from] DatasetError),
    /// A figure cannot be made of the scores.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// A map cannot be written.
    #[error(transparent)]
    MapFolder(#[from] MapFolderError),
    /// The user stopped.
    #[error("interrupted; nothing was written")]
    Interrupted,
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
        /// What the picture's file records, 2 to 8.
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
        /// Those of the picture.
        picture_size: (u32, u32),
    },
}
