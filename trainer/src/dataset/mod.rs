//! Finding the pictures of a data set and looking at them before the long work begins.
//!
//! There are two layouts: that of `MVTec` AD (`train/good`, `test/<defect>`,
//! `ground_truth/<defect>/<stem>_mask.png`), and a plain folder of good pictures. For tests,
//! folders may also be named one by one ([`FolderLayout`]). The name of a file decides only
//! whether it is opened; its content decides on its format. Folders are searched with all
//! folders below, and links are followed. Files that are not used are part of the result.

mod account;
mod check;
mod depths;
mod digest;
mod discover;
mod duplicates;
mod error;
mod folder;
mod folder_layout;
mod format;
mod left_out;
mod likeness;
mod masks;
mod notes;
mod roles;
mod split;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use account::{DataAccount, DataCounts, LeftOutGroup, Overlap};
pub use check::{BadPicture, BadReason, CheckedPictures, check_pictures, fingerprints};
pub(crate) use check::{CHECKED_AT_ONCE, Seen, seen};
pub use depths::{DepthFinding, Depths};
pub use digest::content_digest;
pub(crate) use digest::{FileDigests, file_digests};
pub use duplicates::Copies;
pub(crate) use error::Listed;
pub use error::{DatasetError, FolderCounts, WithPictures};
pub use folder_layout::FolderLayout;
pub use left_out::{LeftOutReason, UnusedFile};
pub use likeness::Fingerprint;
pub use masks::MaskFault;
pub use notes::Notes;
pub use roles::{GOOD, GoodNames, KNOWN_GOOD_NAMES};
pub use split::GoodSplit;

/// The files of a data set; everything is sorted by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dataset {
    /// Pictures to train on; at least one, but in a data set to test on.
    pub train_good: Vec<PathBuf>,
    /// Pictures to test on; none in a plain folder.
    pub test: Vec<TestPicture>,
    /// Whether there is a `ground_truth` folder at all.
    pub has_ground_truth: bool,
    /// Remarks on the pictures to train on, and files that are not used.
    pub notes: Notes,
    /// Remarks on the pictures to test on, and files that are not used.
    pub test_notes: Notes,
    /// Masks that cannot be assigned to pictures; an error where masks are needed.
    pub mask_faults: Vec<MaskFault>,
}

/// A picture to test on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestPicture {
    /// The picture.
    pub path: PathBuf,
    /// Name of its folder, which is the kind of defect; [`GOOD`] for a good picture,
    /// whatever its folder is called.
    pub defect: String,
    /// The file in which its defects are drawn; never for a good picture.
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

    /// Fails when there are no pictures to test on, or no folder of them is recognised as
    /// one of good pictures.
    pub fn require_test(&self) -> Result<(), DatasetError> {
        if self.test.is_empty() {
            return Err(DatasetError::EmptyTestPart {
                remarks: self.test_notes.remarks.clone(),
            });
        }
        if self.test.iter().all(TestPicture::is_defective) {
            let kinds: std::collections::BTreeSet<_> = self
                .test
                .iter()
                .map(|picture| picture.defect.clone())
                .collect();
            return Err(DatasetError::NoGoodTest {
                folders: kinds.into_iter().collect(),
            });
        }
        Ok(())
    }

    /// Fails when no test picture shows a defect: then nothing can be measured.
    pub fn require_defects(&self) -> Result<(), DatasetError> {
        if self.test.iter().any(TestPicture::is_defective) {
            return Ok(());
        }
        Err(DatasetError::NoDefectiveTest)
    }

    /// Fails when the data set has masks, but not for every defective test picture, or
    /// when a mask may be that of another picture.
    pub fn require_masks(&self) -> Result<PixelTruth, DatasetError> {
        if !self.mask_faults.is_empty() {
            let faults = self.mask_faults.clone();
            return Err(DatasetError::Masks { faults });
        }
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
