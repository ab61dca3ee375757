//! What a picture file may cost before it is refused.

use super::{PictureError, PictureProblem};

/// Bounds on a picture, all checked before its pixels are allocated. (A WebP file whose frame is
/// larger than it says is decoded first, and refused then.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest file.
    pub max_encoded_bytes: u64,
    /// Largest width and largest height.
    pub max_side_px: u32,
    /// Largest width × height.
    pub max_pixels: u64,
    /// Smallest width and smallest height; less holds nothing to inspect.
    pub min_side_px: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_encoded_bytes: 64 << 20,
            max_side_px: 16_384,
            max_pixels: 100_000_000,
            min_side_px: 16,
        }
    }
}

impl Limits {
    pub(super) fn check_encoded(&self, bytes: u64) -> Result<(), PictureProblem> {
        if bytes == 0 {
            return Err(PictureProblem::Empty);
        }
        if bytes > self.max_encoded_bytes {
            return Err(PictureProblem::FileTooLarge {
                limit_bytes: self.max_encoded_bytes,
            });
        }
        Ok(())
    }

    /// Refuses a picture in memory that is too large: preparing it takes a multiple of
    /// its size. A small one is only worth refusing in a file.
    pub fn check_largest(&self, width_px: u32, height_px: u32) -> Result<(), PictureError> {
        Ok(self.check_upper(width_px, height_px)?)
    }

    pub(super) fn check_size(&self, width_px: u32, height_px: u32) -> Result<(), PictureProblem> {
        self.check_upper(width_px, height_px)?;
        if width_px.min(height_px) < self.min_side_px {
            return Err(PictureProblem::TooSmall {
                width_px,
                height_px,
                min_side_px: self.min_side_px,
            });
        }
        Ok(())
    }

    pub(super) fn check_upper(&self, width_px: u32, height_px: u32) -> Result<(), PictureProblem> {
        let pixels = u64::from(width_px) * u64::from(height_px);
        if width_px.max(height_px) > self.max_side_px || pixels > self.max_pixels {
            return Err(PictureProblem::TooLarge {
                width_px,
                height_px,
                max_side_px: self.max_side_px,
                max_pixels: self.max_pixels,
            });
        }
        Ok(())
    }
}
