//! Pixels that are already in memory, such as a frame from a camera driver.

use super::{PictureError, PictureProblem, Samples};

/// How one pixel lies in memory.
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
    /// How one pixel lies in memory.
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
        let pixels = self
            .data
            .chunks(self.stride_bytes.max(1))
            .take(self.height_px as usize)
            .flat_map(|row| {
                row.get(..row_bytes)
                    .unwrap_or_default()
                    .chunks_exact(self.format.bytes_per_pixel())
            });
        Ok(match self.format {
            PixelFormat::Gray16 => Samples::Sixteen(pixels.flat_map(gray16).collect()),
            PixelFormat::Gray8 => Samples::Eight(pixels.flat_map(gray8).collect()),
            PixelFormat::Bgr8 | PixelFormat::Bgra8 => {
                Samples::Eight(pixels.flat_map(bgr8).collect())
            }
            PixelFormat::Rgb8 | PixelFormat::Rgba8 => {
                Samples::Eight(pixels.flat_map(rgb8).collect())
            }
        })
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
        let needed_bytes = (self.stride_bytes as u64)
            .saturating_mul(u64::from(self.height_px.saturating_sub(1)))
            .saturating_add(row_bytes);
        if (self.data.len() as u64) < needed_bytes {
            return Err(PictureProblem::BufferTooShort {
                needed_bytes,
                found_bytes: self.data.len(),
            });
        }
        Ok(row_bytes as usize)
    }
}

fn gray8(pixel: &[u8]) -> [u8; 3] {
    match *pixel {
        [gray, ..] => [gray; 3],
        [] => [0; 3],
    }
}

fn rgb8(pixel: &[u8]) -> [u8; 3] {
    match *pixel {
        [red, green, blue, ..] => [red, green, blue],
        _ => [0; 3],
    }
}

fn bgr8(pixel: &[u8]) -> [u8; 3] {
    let [blue, green, red] = rgb8(pixel);
    [red, green, blue]
}

fn gray16(pixel: &[u8]) -> [u16; 3] {
    match *pixel {
        [first, second, ..] => [u16::from_ne_bytes([first, second]); 3],
        _ => [0; 3],
    }
}
