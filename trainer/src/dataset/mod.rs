//! Finding the pictures of a data set and looking at them before the long work begins.
//!
//! There are two layouts: that of `MVTec` AD (`train/good`, `test/<defect>`,
//! `ground_truth/<defect>/<stem>_mask.png`), and a plain folder of good pictures. For tests,
//! folders may also be named one by one ([`FolderLayout`]). The name of a file decides only
//! whether it is opened; its content decides on its format. Folders are searched with all
//! folders below, and links are followed. Files that are not used are part of the result.

mod account;
mod bad_picture;
mod check;
mod depths;
mod digest;
mod discover;
mod duplicates;
mod error;
mod files;
mod folder;
mod folder_layout;
mod format;
mod left_out;
mod likeness;
mod mask_fault;
mod masks;
mod notes;
mod roles;
mod split;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use account::{DataAccount, DataCounts, LeftOutGroup, Overlap};
pub use bad_picture::{BadPicture, BadReason};
pub(crate) use check::{CHECKED_AT_ONCE, Seen, seen};
pub use check::{CheckedPictures, check_pictures, fingerprints};
pub use depths::{DepthFinding, Depths};
pub use digest::content_digest;
pub(crate) use digest::{FileDigests, file_digests};
pub use duplicates::Copies;
pub(crate) use error::Listed;
pub use error::{DatasetError, FolderCounts, WithPictures};
pub(crate) use files::require_masks;
pub use files::{Dataset, PixelTruth, TestPicture};
pub use folder_layout::FolderLayout;
pub use left_out::{LeftOutReason, UnusedFile};
pub use likeness::Fingerprint;
pub use mask_fault::MaskFault;
pub use notes::Notes;
pub use roles::{GOOD, GoodNames, KNOWN_GOOD_NAMES};
pub use split::GoodSplit;

impl Dataset {
    /// Finds the pictures of a data set to train on; opens none of them. Folders of good
    /// pictures are recognised by [`KNOWN_GOOD_NAMES`].
    ///
    /// Files with [`PICTURE_ENDINGS`](cfa_runtime::picture::PICTURE_ENDINGS) are pictures.
    /// Hidden files and what systems put beside them are passed over. Masks are
    /// optional here, see [`Self::require_masks`].
    pub fn discover(folder: &Path) -> Result<Self, DatasetError> {
        Self::discover_with(folder, &GoodNames::default())
    }

    /// Finds pictures as [`Self::discover`] does, with other names of folders of good pictures.
    pub fn discover_with(folder: &Path, names: &GoodNames) -> Result<Self, DatasetError> {
        discover::dataset(folder, names)
    }

    /// Finds the pictures of a data set in `MVTec`'s layout to test on, of which good ones
    /// and others can be distinguished. There may be no pictures to train on.
    pub fn discover_to_test(folder: &Path, names: &GoodNames) -> Result<Self, DatasetError> {
        let dataset = discover::dataset_to_test(folder, names)?;
        dataset.require_masks()?;
        Ok(dataset)
    }

    /// The pictures of a folder of good ones, sorted by path; at least one.
    pub fn discover_good(folder: &Path, names: &GoodNames) -> Result<Self, DatasetError> {
        let found = discover::good_pictures(folder, names)?;
        Ok(Self {
            train_good: found.pictures,
            notes: Notes::new(found.left_out),
            ..Self::default()
        })
    }

    /// The pictures of a folder of defective ones and of the folders below, sorted by path;
    /// at least one.
    pub fn discover_defective(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
        Ok(folder_layout::defective_pictures(folder)?.0)
    }
}
