//! Ground-truth masks: which pixels of a picture belong to a defect.

use std::path::Path;

use super::{Picture, PictureError, PictureProblem, ReadOptions, Samples};

/// A defect mask, row-major; `true` marks a defect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    width_px: u32,
    height_px: u32,
    defects: Vec<bool>,
}

impl Mask {
    /// A mask from `height × width` flags, row-major.
    pub fn new(width_px: u32, height_px: u32, defects: Vec<bool>) -> Result<Self, PictureError> {
        let expected = u64::from(width_px) * u64::from(height_px);
        if expected == 0 || defects.len() as u64 != expected {
            return Err(PictureError::from(PictureProblem::SampleCount {
                width_px,
                height_px,
                expected,
                found: defects.len(),
            }));
        }
        Ok(Self {
            width_px,
            height_px,
            defects,
        })
    }

    /// Reads a mask file: a pixel with any colour sample above zero is a
    /// defect. Alpha does not count. Use a lossless format; JPEG noise around
    /// zero would count as defects.
    pub fn open(path: &Path, options: &ReadOptions) -> Result<Self, PictureError> {
        Ok(Self::from(&Picture::open(path, options)?))
    }

    /// Columns.
    #[must_use]
    pub fn width_px(&self) -> u32 {
        self.width_px
    }

    /// Rows.
    #[must_use]
    pub fn height_px(&self) -> u32 {
        self.height_px
    }

    /// The flags, row-major.
    #[must_use]
    pub fn defects(&self) -> &[bool] {
        &self.defects
    }
}

impl From<&Picture> for Mask {
    fn from(picture: &Picture) -> Self {
        let defects = match picture.samples() {
            Samples::Eight(samples) => samples.chunks_exact(3).map(|p| p != [0; 3]).collect(),
            Samples::Sixteen(samples) => samples.chunks_exact(3).map(|p| p != [0; 3]).collect(),
        };
        Self {
            width_px: picture.width_px(),
            height_px: picture.height_px(),
            defects,
        }
    }
}
