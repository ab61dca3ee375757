//! Pictures as they come from a camera or a file, before any preparation.
//!
//! Everything from outside enters here: files are read by [`ReadOptions`], raw
//! buffers are checked against the size they claim.

mod bmp;
mod bmp_header;
mod decode;
mod depth;
mod endings;
mod error;
mod general;
mod jpeg;
mod limit;
mod limits;
mod mask;
#[cfg(test)]
mod mask_tests;
mod mask_values;
mod opacity;
mod orientation;
mod orientation_rule;
mod panics;
mod png;
#[cfg(test)]
mod properties;
mod raw;
mod reading;
#[cfg(test)]
mod reference;
mod saved_result;
mod summary;
#[cfg(test)]
mod tests;
mod tiff;

use std::path::Path;

use image::{ImageBuffer, Rgb, RgbImage};

pub use decode::recorded_orientation;
pub use depth::SixteenBitUse;
pub use endings::{PICTURE_ENDINGS, has_picture_ending, is_system_folder};
pub use error::{PictureError, PictureProblem};
pub use limit::Limit;
pub use limits::Limits;
pub use mask::Mask;
pub use mask_values::MaskValues;
pub use orientation::Orientation;
pub use orientation_rule::{OrientationRule, UnknownOrientationRule};
pub use panics::keep_decoder_panics_quiet;
pub use raw::{PixelFormat, PixelView};
pub use reading::{DamageRule, ReadOptions};
pub(crate) use saved_result::SAVED_RESULT_MARK;
pub use saved_result::is_saved_result;

/// An RGB picture: row-major, interleaved, 8 or 16 bits a sample.
///
/// Gray pictures are held with their value repeated in all three channels.
/// Width and height are at least 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pixels: Pixels,
    damage: Option<String>,
}

/// The pixels of a [`Picture`], in the depth they came in. An image always has the number of
/// samples that its sides ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pixels {
    Eight(RgbImage),
    Sixteen(ImageBuffer<Rgb<u16>, Vec<u16>>),
}

/// Samples from a decoder or a caller, row by row, before their number is checked.
#[derive(Debug)]
pub(crate) enum Samples {
    Eight(Vec<u8>),
    Sixteen(Vec<u16>),
}

impl Picture {
    /// Reads and decodes a picture file.
    ///
    /// PNG, JPEG, BMP, TIFF and WebP, recognised by content whatever the file
    /// is called; gray or colour, with or without alpha, 8 or 16 bits a
    /// sample. Alpha is dropped, the first frame of an animation is taken, and the picture
    /// is turned as [`ReadOptions::orientation`] says.
    pub fn open(path: &Path, options: &ReadOptions) -> Result<Self, PictureError> {
        decode::read(path, &options.limits)
            .and_then(|encoded| decode::decode(&encoded, options))
            .map_err(|problem| PictureError::at(path, problem))
    }

    /// Decodes a picture file already in memory; see [`Picture::open`].
    pub fn decode(encoded: &[u8], options: &ReadOptions) -> Result<Self, PictureError> {
        Ok(decode::decode(encoded, options)?)
    }

    /// Takes over 8-bit RGB samples, `height × width × 3`, without a copy.
    pub fn from_rgb8(
        width_px: u32,
        height_px: u32,
        samples: Vec<u8>,
    ) -> Result<Self, PictureError> {
        Ok(Self::new(width_px, height_px, Samples::Eight(samples))?)
    }

    /// Copies a picture out of a caller's buffer, such as a camera frame.
    pub fn from_raw(view: &PixelView<'_>) -> Result<Self, PictureError> {
        Ok(Self::new(
            view.width_px,
            view.height_px,
            view.rgb_samples()?,
        )?)
    }

    /// Columns.
    #[must_use]
    pub fn width_px(&self) -> u32 {
        match &self.pixels {
            Pixels::Eight(image) => image.width(),
            Pixels::Sixteen(image) => image.width(),
        }
    }

    /// Rows.
    #[must_use]
    pub fn height_px(&self) -> u32 {
        match &self.pixels {
            Pixels::Eight(image) => image.height(),
            Pixels::Sixteen(image) => image.height(),
        }
    }

    /// Bits in each sample: 8 or 16.
    #[must_use]
    pub fn bits_per_sample(&self) -> u32 {
        match self.pixels {
            Pixels::Eight(_) => u8::BITS,
            Pixels::Sixteen(_) => u16::BITS,
        }
    }

    /// The damage of a file that was read under [`DamageRule::Accept`]: some of its pixels are
    /// not what the camera has seen. `None` for an undamaged picture.
    #[must_use]
    pub fn damage(&self) -> Option<&str> {
        self.damage.as_deref()
    }

    /// The picture at 8 bits a sample, 16-bit samples rounded to the nearest.
    ///
    /// For a model's pictures use
    /// [`Preprocessing::to_rgb8`](crate::preprocess::Preprocessing::to_rgb8), which knows
    /// the white level.
    #[must_use]
    pub fn to_rgb8(&self) -> RgbImage {
        self.to_rgb8_below(u16::MAX)
    }

    /// The picture at 8 bits a sample, where `white` and all above is shown as 255.
    pub(crate) fn to_rgb8_below(&self, white: u16) -> RgbImage {
        match &self.pixels {
            Pixels::Eight(image) => image.clone(),
            Pixels::Sixteen(image) => depth::eight_bit_image(image, white),
        }
    }

    pub(crate) fn pixels(&self) -> &Pixels {
        &self.pixels
    }

    fn new(width_px: u32, height_px: u32, samples: Samples) -> Result<Self, PictureProblem> {
        let found = match &samples {
            Samples::Eight(samples) => samples.len(),
            Samples::Sixteen(samples) => samples.len(),
        };
        let expected = u64::from(width_px) * u64::from(height_px) * 3;
        let fits = width_px > 0 && height_px > 0 && found as u64 == expected;
        let pixels = fits.then(|| samples.into_pixels(width_px, height_px));
        let pixels = pixels.flatten().ok_or(PictureProblem::SampleCount {
            width_px,
            height_px,
            expected,
            found,
        })?;
        Ok(Self {
            pixels,
            damage: None,
        })
    }

    /// The picture with a remark on its damage.
    fn damaged(self, found: String) -> Self {
        Self {
            damage: Some(found),
            ..self
        }
    }
}

impl Samples {
    /// `None` where there are fewer samples than the sides ask for.
    fn into_pixels(self, width_px: u32, height_px: u32) -> Option<Pixels> {
        match self {
            Self::Eight(samples) => {
                ImageBuffer::from_raw(width_px, height_px, samples).map(Pixels::Eight)
            }
            Self::Sixteen(samples) => {
                ImageBuffer::from_raw(width_px, height_px, samples).map(Pixels::Sixteen)
            }
        }
    }
}
