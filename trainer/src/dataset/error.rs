use std::fmt::{self, Display};
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::BadPicture;

/// So many files are named before the rest is only counted.
const NAMED: usize = 10;

/// A data set that cannot be used.
#[derive(Debug, Error)]
pub enum DatasetError {
    /// The path leads nowhere, or to a file.
    #[error("{} is not a folder; give the folder that holds the pictures", path.display())]
    NotAFolder {
        /// As it was given.
        path: PathBuf,
    },

    /// A folder or file could not be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },

    /// Neither `MVTec`'s layout nor a plain folder of pictures.
    #[error(
        "{} holds neither a train/good folder nor pictures (png, jpg, jpeg, bmp, tif, tiff, \
         webp): {found}",
        path.display()
    )]
    UnknownLayout {
        /// The folder.
        path: PathBuf,
        /// What stands there instead.
        found: String,
    },

    /// The folder for training is there, but without pictures.
    #[error("there are no pictures to train on in {}: {found}", path.display())]
    NoPictures {
        /// The folder.
        path: PathBuf,
        /// What stands there instead.
        found: String,
    },

    /// A folder of test pictures without any.
    #[error("there are no pictures to test on in {}: {found}", path.display())]
    NoTestPictures {
        /// The folder.
        path: PathBuf,
        /// What stands there instead.
        found: String,
    },

    /// Folders of masks that cannot be told to folders of pictures.
    #[error(
        "{masks} folders of masks for {abnormal} of defective pictures; give each its own, in \
         the same order, or none"
    )]
    MaskFolders {
        /// Folders of defective pictures.
        abnormal: usize,
        /// Folders of masks.
        masks: usize,
    },

    /// Masks exist, but not all.
    #[error(
        "these defective pictures have no mask in ground_truth/<defect>/<stem>_mask.png or in \
         their folder of masks ({}); add them, or leave out all masks to test without pixel \
         figures:{}",
        pictures.len(),
        Listed(pictures.iter().map(|path| path.display()).collect())
    )]
    MissingMasks {
        /// The pictures without.
        pictures: Vec<PathBuf>,
    },

    /// Pictures that cannot be decoded or prepared, or are too small or too large.
    #[error(
        "these pictures cannot be used ({}); mend or remove them, or pass over them with \
         --skip-bad:{}",
        bad.len(),
        Listed(bad.iter().collect())
    )]
    BadPictures {
        /// All of them.
        bad: Vec<BadPicture>,
    },

    /// Every picture was passed over.
    #[error("not one of the pictures can be used ({}):{}", bad.len(), Listed(bad.iter().collect()))]
    AllBad {
        /// All of them.
        bad: Vec<BadPicture>,
    },

    /// The user stopped while the pictures were looked at.
    #[error("interrupted while the pictures were checked; nothing was changed")]
    Interrupted,
}

/// One line each, the first few of them.
pub(crate) struct Listed<T>(pub(crate) Vec<T>);

impl<T: Display> Display for Listed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for item in self.0.iter().take(NAMED) {
            write!(f, "\n  {item}")?;
        }
        match self.0.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}
