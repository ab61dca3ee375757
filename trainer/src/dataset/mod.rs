//! Finding the pictures of a data set and looking at them before the long work begins.
//!
//! Two layouts: that of `MVTec` AD (`train/good`, `test/<defect>`,
//! `ground_truth/<defect>/<stem>_mask.png`) and a plain folder of good pictures; to test,
//! also folders named one by one ([`FolderLayout`]). What a
//! file is called decides only whether it is looked at; what it is, its content.

mod check;
mod digest;
mod discover;
mod error;
mod folder;
mod folder_layout;
mod split;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use check::{BadPicture, BadReason, CheckedPictures, check_pictures};
pub(crate) use check::{CHECKED_AT_ONCE, usable_size};
pub use digest::content_digest;
pub(crate) use digest::{FileDigests, file_digests};
pub use error::DatasetError;
pub(crate) use error::Listed;
pub use folder_layout::FolderLayout;
pub use split::GoodSplit;

/// Folder name of the pictures without a defect, in `MVTec`'s layout.
pub const GOOD: &str = "good";

/// The files of a data set; everything is sorted by path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// Pictures to train on; at least one.
    pub train_good: Vec<PathBuf>,
    /// Pictures to test on; none in a plain folder.
    pub test: Vec<TestPicture>,
    /// Whether there is a `ground_truth` folder at all.
    pub has_ground_truth: bool,
}

/// A picture to test on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestPicture {
    /// The picture.
    pub path: PathBuf,
    /// Name of its folder: the kind of defect, or [`GOOD`].
    pub defect: String,
    /// Where its defects are drawn; never for a good picture.
    pub mask: Option<PathBuf>,
}

impl TestPicture {
    /// Whether the picture shows a defect.
    #[must_use]
    pub fn is_defective(&self) -> bool {
        self.defect != GOOD
    }
}

/// Whether figures can be given for single pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelTruth {
    /// Every defective test picture has its mask.
    Complete,
    /// The data set comes without a `ground_truth` folder: only whole pictures can be
    /// judged.
    Absent,
}

impl Dataset {
    /// Finds the pictures below `folder`; opens none of them.
    ///
    /// Picture endings are png, jpg, jpeg, bmp, tif, tiff and webp, in any case. Hidden
    /// files, links and folders within the picture folders are passed over. Masks are
    /// optional here, see [`Self::require_masks`].
    pub fn discover(folder: &Path) -> Result<Self, DatasetError> {
        discover::dataset(folder)
    }

    /// The pictures directly in `folder`, sorted by path; at least one.
    pub fn discover_folder(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
        discover::plain_folder(folder)
    }

    /// Fails when the data set has masks, but not for every defective test picture.
    pub fn require_masks(&self) -> Result<PixelTruth, DatasetError> {
        if !self.has_ground_truth {
            return Ok(PixelTruth::Absent);
        }
        require_masks(&self.test)?;
        Ok(PixelTruth::Complete)
    }
}

/// Fails, and names them, when defective pictures have no mask.
pub(crate) fn require_masks(pictures: &[TestPicture]) -> Result<(), DatasetError> {
    let without = |picture: &&TestPicture| picture.is_defective() && picture.mask.is_none();
    let missing = pictures.iter().filter(without);
    let missing: Vec<PathBuf> = missing.map(|picture| picture.path.clone()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(DatasetError::MissingMasks { pictures: missing })
}
