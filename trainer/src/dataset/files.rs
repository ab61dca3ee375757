//! The files of a data set, and what a test needs of them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{DatasetError, GOOD, MaskFault, Notes};

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
    /// Fails when there are no pictures to test on, or no folder of them is recognised as
    /// one of good pictures.
    pub fn require_test(&self) -> Result<(), DatasetError> {
        if self.test.is_empty() {
            return Err(DatasetError::EmptyTestPart {
                remarks: self.test_notes.remarks.clone(),
            });
        }
        if self.test.iter().all(TestPicture::is_defective) {
            let kinds: BTreeSet<_> = self
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
