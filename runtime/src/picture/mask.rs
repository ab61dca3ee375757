//! Ground-truth masks: which pixels of a picture belong to a defect.

use std::path::Path;

use super::mask_values::{self, MaskValues};
use super::{Picture, PictureError, PictureProblem, ReadOptions, decode, opacity};
use crate::invariant::BrokenInvariant;

const ONE_SIZE: BrokenInvariant =
    BrokenInvariant("the opacity of a mask has the size of its colours");

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

    /// Reads a mask file by the rule of [`Mask::read`].
    pub fn open(path: &Path, options: &ReadOptions) -> Result<Self, PictureError> {
        Ok(Self::read(path, options)?.0)
    }

    /// Reads a mask file, and reports the values in it.
    ///
    /// The value of a pixel is its largest colour sample.
    ///
    /// - Two values: the higher one marks defects, so 0 and 1 serve as well as 0 and 255.
    /// - No value above 31: the values number kinds of defects, and all but 0 mark defects.
    /// - More values: a pixel is defective from half of the largest value on. This rule holds
    ///   for each JPEG, and a JPEG without a value above 31 has no defects.
    /// - Where some pixels are transparent, these are the ground. The opaque ones are
    ///   defective, except dark ones (below an eighth of the full range) beside others that
    ///   are not dark. Opacity counts from half on.
    pub fn read(path: &Path, options: &ReadOptions) -> Result<(Self, MaskValues), PictureError> {
        let at = |problem| PictureError::at(path, problem);
        let encoded = decode::read(path, &options.limits).map_err(at)?;
        Self::from_encoded(&encoded, options).map_err(at)
    }

    fn from_encoded(
        encoded: &[u8],
        options: &ReadOptions,
    ) -> Result<(Self, MaskValues), PictureProblem> {
        let picture = decode::decode(encoded, options)?;
        let opaque = opacity::opaque_pixels(encoded, options)?;
        if opaque
            .as_ref()
            .is_some_and(|opaque| opaque.len() as u64 != pixel_count(&picture))
        {
            return Err(ONE_SIZE.into());
        }
        let (defects, values) = match opaque {
            Some(opaque) => mask_values::judged_by_opacity(&picture, &opaque)?,
            None => mask_values::judged_by_value(&picture, opacity::is_lossy(encoded))?,
        };
        let mask = Self {
            width_px: picture.width_px(),
            height_px: picture.height_px(),
            defects,
        };
        Ok((mask, values))
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

    /// Number of defective pixels.
    #[must_use]
    pub fn defective_px(&self) -> u64 {
        self.defects.iter().filter(|&&defect| defect).count() as u64
    }
}

fn pixel_count(picture: &Picture) -> u64 {
    u64::from(picture.width_px()) * u64::from(picture.height_px())
}
