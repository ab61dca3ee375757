//! Masks that cannot be assigned to pictures.

use std::fmt;
use std::path::PathBuf;

/// A mask that cannot be assigned to a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MaskFault {
    /// A file among the pictures looks like the mask of a picture.
    AmongPictures {
        /// The mask.
        mask: PathBuf,
        /// Its picture.
        picture: PathBuf,
    },
    /// One mask for two pictures.
    Shared {
        /// The mask.
        mask: PathBuf,
        /// A picture.
        first: PathBuf,
        /// Another picture.
        second: PathBuf,
    },
    /// Two masks for one picture.
    Several {
        /// The picture.
        picture: PathBuf,
        /// A mask.
        first: PathBuf,
        /// Another mask.
        second: PathBuf,
    },
}

impl fmt::Display for MaskFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AmongPictures { mask, picture } => write!(
                f,
                "{} looks like the mask of {} and would count as a picture; move it to \
                 ground_truth/<defect>, or rename it if it is a picture",
                mask.display(),
                picture.display()
            ),
            Self::Shared {
                mask,
                first,
                second,
            } => write!(
                f,
                "{} would be the mask of both {} and {}; rename one picture and give it its own mask",
                mask.display(),
                first.display(),
                second.display()
            ),
            Self::Several {
                picture,
                first,
                second,
            } => write!(
                f,
                "both {} and {} would be the mask of {}; remove one of them",
                first.display(),
                second.display(),
                picture.display()
            ),
        }
    }
}
