//! Pixels that are already in memory, such as a frame from a camera driver.

use super::{PictureError, PictureProblem, Samples};
use crate::invariant::BrokenInvariant;

const ROWS_ARE_THERE: BrokenInvariant =
    BrokenInvariant("a checked buffer holds all rows of its picture");

/// The layout of one pixel in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelFormat {
    /// One byte.
    Gray8,
    /// Three bytes: red, green, blue.
    Rgb8,
    /// Three bytes: blue, green, red.
    Bgr8,
    /// Four bytes: red, green, blue, alpha; alpha is dropped.
    Rgba8,
    /// Four bytes: blue, green, red, alpha; alpha is dropped.
    Bgra8,
    /// Two bytes in the machine's own byte order, full range 0 to 65535.
    Gray16,
}

impl PixelFormat {
    /// Bytes in one pixel.
    #[must_use]
    pub fn bytes_per_pixel(self) -> usize {
        match self {
            Self::Gray8 => 1,
            Self::Gray16 => 2,
            Self::Rgb8 | Self::Bgr8 => 3,
            Self::Rgba8 | Self::Bgra8 => 4,
        }
    }
}

/// A borrowed picture: rows from top to bottom, `stride_bytes` from the start
/// of one to the start of the next. The last row may end without its padding.
#[derive(Debug, Clone, Copy)]
pub struct PixelView<'a> {
    /// The layout of one pixel in memory.
    pub format: PixelFormat,
    /// Columns.
    pub width_px: u32,
    /// Rows.
    pub height_px: u32,
    /// Bytes from the start of a row to the start of the next.
    pub stride_bytes: usize,
    /// The rows.
    pub data: &'a [u8],
}

impl PixelView<'_> {
    /// Whether the stride holds a row, and the data all rows.
    pub fn check(&self) -> Result<(), PictureError> {
        self.checked_row_bytes()?;
        Ok(())
    }

    pub(super) fn rgb_samples(&self) -> Result<Samples, PictureProblem> {
        let row_bytes = self.checked_row_bytes()?;
        Ok(match self.format {
            PixelFormat::Gray8 => Samples::Eight(self.samples(row_bytes, |[gray]| [gray; 3])?),
            PixelFormat::Rgb8 => Samples::Eight(self.samples(row_bytes, |rgb: [u8; 3]| rgb)?),
            PixelFormat::Bgr8 => Samples::Eight(self.samples(row_bytes, |[b, g, r]| [r, g, b])?),
            PixelFormat::Rgba8 => {
                Samples::Eight(self.samples(row_bytes, |[r, g, b, _]| [r, g, b])?)
            }
            PixelFormat::Bgra8 => {
                Samples::Eight(self.samples(row_bytes, |[b, g, r, _]| [r, g, b])?)
            }
            PixelFormat::Gray16 => {
                let gray = |bytes| [u16::from_ne_bytes(bytes); 3];
                Samples::Sixteen(self.samples(row_bytes, gray)?)
            }
        })
    }

    /// Three samples for each pixel of `N` bytes.
    fn samples<const N: usize, T: Copy + Default>(
        &self,
        row_bytes: usize,
        rgb: impl Fn([u8; N]) -> [T; 3],
    ) -> Result<Vec<T>, BrokenInvariant> {
        let (width, height) = (self.width_px as usize, self.height_px as usize);
        let mut samples = vec![T::default(); 3 * width * height];
        for (row, samples) in samples.chunks_exact_mut((3 * width).max(1)).enumerate() {
            let start = row * self.stride_bytes;
            let pixels = self
                .data
                .get(start..start + row_bytes)
                .ok_or(ROWS_ARE_THERE)?;
            for (sample, pixel) in samples
                .as_chunks_mut::<3>()
                .0
                .iter_mut()
                .zip(pixels.as_chunks::<N>().0)
            {
                *sample = rgb(*pixel);
            }
        }
        Ok(samples)
    }

    /// Bytes in one row, once the stride and the buffer are known to hold all rows.
    fn checked_row_bytes(&self) -> Result<usize, PictureProblem> {
        let row_bytes = u64::from(self.width_px) * self.format.bytes_per_pixel() as u64;
        if (self.stride_bytes as u64) < row_bytes {
            return Err(PictureProblem::Stride {
                stride_bytes: self.stride_bytes,
                row_bytes,
            });
        }
        self.check_sign()?;
        let rows_before_last = u64::from(self.height_px.saturating_sub(1));
        let needed_bytes = (self.stride_bytes as u64)
            .checked_mul(rows_before_last)
            .and_then(|before_last| before_last.checked_add(row_bytes))
            .ok_or(PictureProblem::Overflow {
                stride_bytes: self.stride_bytes,
                height_px: self.height_px,
            })?;
        if (self.data.len() as u64) < needed_bytes {
            return Err(PictureProblem::BufferTooShort {
                needed_bytes,
                found_bytes: self.data.len(),
            });
        }
        Ok(row_bytes as usize)
    }

    /// A negative number of 32 or 64 bits looks like a very large stride, which is longer than the
    /// data. A single row may have any stride.
    fn check_sign(&self) -> Result<(), PictureProblem> {
        let in_32_bits = u32::try_from(self.stride_bytes).map(|stride| i64::from(stride as i32));
        let signed = in_32_bits.unwrap_or(self.stride_bytes as i64);
        if signed >= 0 || self.height_px < 2 || self.stride_bytes <= self.data.len() {
            return Ok(());
        }
        Err(PictureProblem::NegativeStride {
            stride_bytes: signed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(stride_bytes: usize, height_px: u32, bytes: usize) -> Option<PictureProblem> {
        let view = PixelView {
            format: PixelFormat::Gray8,
            width_px: 4,
            height_px,
            stride_bytes,
            data: &vec![0; bytes],
        };
        view.check().err().map(|error| error.problem)
    }

    #[test]
    fn negative_strides_are_named() {
        for (stride_bytes, meant) in [
            (4_usize.wrapping_neg(), -4),
            (4_u32.wrapping_neg() as usize, -4),
            (usize::MAX, -1),
        ] {
            let found = problem(stride_bytes, 2, 8);
            let is_named = matches!(
                found,
                Some(PictureProblem::NegativeStride { stride_bytes }) if stride_bytes == meant
            );
            assert!(is_named, "{found:?}");
            let message = found.map(|problem| problem.to_string());
            let names_stride = |message: &String| message.contains("stride_bytes is -");
            assert!(message.as_ref().is_some_and(names_stride), "{message:?}");
        }
    }

    /// Without its check: the missing rows would be black, which passes as a picture.
    #[test]
    fn a_buffer_that_was_not_checked_is_a_bug_and_no_black_row() {
        let view = PixelView {
            format: PixelFormat::Gray8,
            width_px: 4,
            height_px: 3,
            stride_bytes: 4,
            data: &[9; 11],
        };
        let gray = |[gray]: [u8; 1]| [gray; 3];
        assert_eq!(view.samples(4, gray), Err(ROWS_ARE_THERE));
        let whole = PixelView {
            data: &[9; 12],
            ..view
        };
        assert_eq!(whole.samples(4, gray), Ok(vec![9; 36]));
    }

    #[test]
    fn one_row_has_any_stride_and_large_ones_are_no_negative_ones() {
        assert!(problem(usize::MAX, 1, 4).is_none());
        assert!(matches!(
            problem(1 << 31, 3, 8),
            Some(PictureProblem::NegativeStride { .. })
        ));
        assert!(matches!(
            problem(i32::MAX as usize, 3, 8),
            Some(PictureProblem::BufferTooShort { .. })
        ));
        assert!(matches!(
            problem(usize::MAX / 3, 8, 8),
            Some(PictureProblem::Overflow { .. })
        ));
    }
}
