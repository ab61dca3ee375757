//! Limits beyond which a picture file is refused.

use super::{PictureError, PictureProblem};

/// The most that a pixel takes in an uncompressed file: four samples of 16 bits.
const LARGEST_PIXEL_BYTES: u64 = 8;
/// Room for headers, profiles and thumbnails in the largest file.
const HEADER_BYTES: u64 = 1 << 20;

/// Bounds on a picture, all checked before its pixels are allocated. An exception is a WebP file
/// whose frame is larger than the file states: it is decoded first, and then refused.
///
/// The defaults are consistent: every picture of [`max_pixels`](Self::max_pixels) fits into the
/// largest file, whatever its format, and no side of a JPEG is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest file; `None` for the size of `max_pixels` without compression, see
    /// [`encoded_bytes`](Self::encoded_bytes).
    pub max_encoded_bytes: Option<u64>,
    /// Largest width and largest height.
    pub max_side_px: u32,
    /// Largest width × height. Decoding takes up to 16 bytes of memory for each pixel.
    pub max_pixels: u64,
    /// Smallest width and smallest height; a smaller picture holds nothing to inspect.
    pub min_side_px: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_encoded_bytes: None,
            max_side_px: 65_535,
            max_pixels: 100_000_000,
            min_side_px: 16,
        }
    }
}

impl Limits {
    /// Largest file in bytes: the chosen limit, or else the size of `max_pixels`
    /// uncompressed, with four samples of 16 bits each.
    #[must_use]
    pub fn encoded_bytes(&self) -> u64 {
        let uncompressed = self.max_pixels.saturating_mul(LARGEST_PIXEL_BYTES);
        self.max_encoded_bytes
            .unwrap_or(uncompressed.saturating_add(HEADER_BYTES))
    }

    pub(super) fn check_encoded(&self, bytes: u64) -> Result<(), PictureProblem> {
        if bytes == 0 {
            return Err(PictureProblem::Empty);
        }
        if bytes > self.encoded_bytes() {
            return Err(PictureProblem::FileTooLarge {
                limit_bytes: self.encoded_bytes(),
            });
        }
        Ok(())
    }

    /// Refuses a picture in memory that is too large, because preparing it takes a multiple
    /// of its size. The lower limit is checked for files only.
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
