//! The number of bits that 16-bit samples really use.

use std::num::NonZeroU16;

use image::{ImageBuffer, Rgb, RgbImage};

use super::{Picture, Pixels};

/// Bits of data that cameras put into 16-bit samples, in ascending order.
const USUAL_BITS: [u32; 3] = [10, 12, 14];
/// Data that were shifted up to full range leave at least this number of low bits empty.
const EMPTY_BITS_OF_SHIFTED_DATA: u32 = 4;

/// The range and the bits that 16-bit samples use, in one picture or in many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SixteenBitUse {
    /// The largest sample.
    pub largest: u16,
    /// Every bit that is set in any sample.
    pub bits: u16,
}

impl SixteenBitUse {
    /// `None` for a picture with 8 bits a sample.
    #[must_use]
    pub fn in_picture(picture: &Picture) -> Option<Self> {
        let Pixels::Sixteen(samples) = picture.pixels() else {
            return None;
        };
        let none = Self {
            largest: 0,
            bits: 0,
        };
        Some(samples.iter().fold(none, |seen, &sample| Self {
            largest: seen.largest.max(sample),
            bits: seen.bits | sample,
        }))
    }

    /// The use of both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            largest: self.largest.max(other.largest),
            bits: self.bits | other.bits,
        }
    }

    /// The white level that these samples suggest: the smallest of 1023, 4095 and 16383
    /// that none of them exceeds.
    ///
    /// `None` in three cases: a sample is larger; every sample is 0; all low bits are empty,
    /// because the data were shifted up to full range.
    #[must_use]
    pub fn suggested_white_level(self) -> Option<NonZeroU16> {
        if self.bits.trailing_zeros() >= EMPTY_BITS_OF_SHIFTED_DATA {
            return None;
        }
        let levels = USUAL_BITS.map(|bits| u16::MAX >> (u16::BITS - bits));
        let level = levels.into_iter().find(|&level| self.largest <= level);
        level.and_then(NonZeroU16::new)
    }
}

/// The image at 8 bits a sample, where `white` and all above is 255.
pub(super) fn eight_bit_image(deep: &ImageBuffer<Rgb<u16>, Vec<u16>>, white: u16) -> RgbImage {
    let mut image = RgbImage::new(deep.width(), deep.height());
    for (level, &sample) in image.iter_mut().zip(deep.iter()) {
        *level = eight_from_sixteen(sample, white);
    }
    image
}

/// 255 · sample / white, rounded to the nearest; 255 above `white`, which is not 0.
pub(super) fn eight_from_sixteen(sample: u16, white: u16) -> u8 {
    let (sample, white) = (u32::from(sample.min(white)), u32::from(white.max(1)));
    ((2 * 255 * sample + white) / (2 * white)) as u8
}
