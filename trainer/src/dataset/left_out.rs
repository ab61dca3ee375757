//! Files of a data set that are not used.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A file or folder that is not used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusedFile {
    /// The file, or the folder with all that is in it.
    pub path: PathBuf,
    /// Why.
    pub reason: LeftOutReason,
}

/// Why a file or folder is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LeftOutReason {
    /// A picture in a format that is not read, such as PGM or GIF.
    OtherFormat,
    /// A picture in a folder that has no role here.
    OtherFolder,
    /// A picture that lies beside the folders of pictures.
    Stray,
    /// A folder of masks among the pictures.
    MaskFolder,
    /// A mask that belongs to no picture.
    MaskWithoutPicture,
    /// A link that leads nowhere.
    BrokenLink,
    /// A link that leads back to a folder above it.
    CircularLink,
    /// A picture that cannot be decoded or prepared.
    Unusable,
    /// A copy of a picture that is held out: it is neither trained on nor counted.
    CopyOfHeldOut,
    /// A copy of a picture that is counted already.
    CopyOfCounted,
    /// Hidden, or made by a storage device or an operating system.
    System,
}

impl LeftOutReason {
    /// Words that follow a number of files.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::OtherFormat => "in a format that is not read",
            Self::OtherFolder => "in folders that have no role here",
            Self::Stray => "beside the folders of pictures",
            Self::MaskFolder => "folders of masks among the pictures",
            Self::MaskWithoutPicture => "masks without a picture",
            Self::BrokenLink => "links that lead nowhere",
            Self::CircularLink => "links that lead back to a folder above them",
            Self::Unusable => "that cannot be used",
            Self::CopyOfHeldOut => "copies of held-out pictures",
            Self::CopyOfCounted => "copies of pictures that are counted",
            Self::System => "hidden or made by the system",
        }
    }

    /// Whether it counts as a picture that was found.
    #[must_use]
    pub fn is_picture(self) -> bool {
        !matches!(
            self,
            Self::System
                | Self::MaskFolder
                | Self::MaskWithoutPicture
                | Self::BrokenLink
                | Self::CircularLink
        )
    }
}
