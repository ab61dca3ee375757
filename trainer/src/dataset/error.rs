use std::fmt::{self, Display};
use std::io;
use std::path::PathBuf;

use cfa_runtime::BrokenInvariant;
use cfa_runtime::picture::PICTURE_ENDINGS;
use thiserror::Error;

use super::{BadPicture, KNOWN_GOOD_NAMES, MaskFault};
use crate::interruption::Interrupted;

/// Number of files that are named; the rest is only counted.
const NAMED: usize = 10;

/// A data set that cannot be used.
#[derive(Debug, Error)]
pub enum DatasetError {
    /// The path leads nowhere, or to a file.
    #[error("{} is not a folder; give the folder that holds the pictures", path.display())]
    NotAFolder {
        /// The path as it was given.
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
        "{} holds neither a train/good folder nor pictures ({}): {found}",
        path.display(),
        PICTURE_ENDINGS.join(", ")
    )]
    UnknownLayout {
        /// The folder.
        path: PathBuf,
        /// The contents of the folder instead.
        found: String,
    },

    /// Folders within a folder of good pictures may hold anything.
    #[error(
        "{} holds {}folders with pictures, and it is not clear which show good \
         parts: {found}; give the folder of the good pictures alone, or name each folder of good \
         pictures",
        path.display(),
        Beside(*direct)
    )]
    WhichAreGood {
        /// The folder.
        path: PathBuf,
        /// Pictures that lie directly in it.
        direct: usize,
        /// The folders in it that hold pictures.
        found: WithPictures,
    },

    /// No folder is recognised as one of good pictures.
    #[error(
        "{} holds {}no folder that is known to hold good pictures: {found}; known names are {}; \
         name the folders of good pictures, or give the folder of good pictures itself",
        path.display(),
        Beside(*direct),
        known_names()
    )]
    NoGoodFolder {
        /// The folder.
        path: PathBuf,
        /// Pictures that lie directly in it.
        direct: usize,
        /// The folders in it that hold pictures.
        found: WithPictures,
    },

    /// No test folder is recognised as one of good pictures.
    #[error(
        "no test folder is known to hold good pictures: {}; known names are {}; name the folders \
         of good pictures",
        folders.join(", "),
        known_names()
    )]
    NoGoodTest {
        /// The test folders that hold pictures.
        folders: Vec<String>,
    },

    /// All test pictures are good ones.
    #[error(
        "all test pictures are good ones, so nothing can be measured; add folders of defective ones, test/<defect>"
    )]
    NoDefectiveTest,

    /// A data set to test on without a folder of test pictures.
    #[error(
        "{} holds no test folder, but the pictures to test on must lie in test/good and \
         test/<defect>: {found}",
        path.display()
    )]
    NoTestPart {
        /// The folder.
        path: PathBuf,
        /// The contents of the folder instead.
        found: String,
    },

    /// The folders of test pictures hold none.
    #[error("there are no pictures to test on in test/good and test/<defect>:{}", Listed(remarks.iter().collect()))]
    EmptyTestPart {
        /// The findings instead.
        remarks: Vec<String>,
    },

    /// Two folders for one part of a data set, such as `train` and `Train`.
    #[error("{} and {} have the same role; remove one of them", first.display(), second.display())]
    PartTwice {
        /// A folder.
        first: PathBuf,
        /// Another folder.
        second: PathBuf,
    },

    /// A folder of defective pictures that holds others, too.
    #[error(
        "{} is to hold defective pictures alone, but {} lies in it; give the folder of the \
         defective pictures",
        path.display(), other.display()
    )]
    NotDefectiveAlone {
        /// The folder.
        path: PathBuf,
        /// The folder in it.
        other: PathBuf,
    },

    /// Masks that cannot be assigned to pictures.
    #[error("it is not clear which mask belongs to which picture ({}):{}", faults.len(), Listed(faults.iter().collect()))]
    Masks {
        /// All of them.
        faults: Vec<MaskFault>,
    },

    /// The folder for training is there, but without pictures.
    #[error("there are no pictures to train on in {}: {found}", path.display())]
    NoPictures {
        /// The folder.
        path: PathBuf,
        /// The contents of the folder instead.
        found: String,
    },

    /// A folder of test pictures without any.
    #[error("there are no pictures to test on in {}: {found}", path.display())]
    NoTestPictures {
        /// The folder.
        path: PathBuf,
        /// The contents of the folder instead.
        found: String,
    },

    /// Folders of masks that cannot be assigned to folders of pictures.
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
        "these pictures cannot be used ({}); repair or remove them, or allow bad pictures to be \
         skipped:{}",
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

    /// The work was stopped while the pictures were checked.
    #[error("{0}")]
    Interrupted(#[from] Interrupted),

    /// A bug of this program.
    #[error(transparent)]
    Internal(#[from] BrokenInvariant),
}

/// A folder and the pictures in it and below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderCounts {
    /// The folder.
    pub path: PathBuf,
    /// Number of pictures.
    pub pictures: usize,
}

/// Folders with their numbers of pictures, for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithPictures(pub Vec<FolderCounts>);

impl Display for WithPictures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no folder in it holds pictures");
        }
        let folders = self.0.iter().take(NAMED);
        let folders = folders.map(|folder| {
            let name = folder.path.file_name().unwrap_or(folder.path.as_os_str());
            format!("{} ({})", name.display(), Pictures(folder.pictures))
        });
        f.write_str(&folders.collect::<Vec<_>>().join(", "))?;
        match self.0.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

struct Pictures(usize);

impl Display for Pictures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 picture"),
            count => write!(f, "{count} pictures"),
        }
    }
}

/// Pictures beside folders; nothing when there are none.
struct Beside(usize);

impl Display for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            count => write!(f, "{} and ", Pictures(count)),
        }
    }
}

/// All of them, because the list is what a reader needs.
fn known_names() -> String {
    KNOWN_GOOD_NAMES.join(", ")
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
