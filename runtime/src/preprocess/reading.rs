//! The recipe's rules for picture files and for 16-bit samples.

use std::fmt;
use std::num::NonZeroU16;

use image::RgbImage;

use super::Preprocessing;
use crate::picture::{Limits, Picture, ReadOptions, SixteenBitUse};

/// A remark on a 16-bit picture that does not fit the white level of the recipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DepthRemark {
    /// Some samples are above the white level, and count as white.
    AboveWhiteLevel {
        /// The largest sample.
        largest: u16,
        /// The white level of the recipe.
        white_level: u16,
    },
    /// All samples use 10, 12 or 14 bits, but the recipe has no white level and expects 16.
    FewBits {
        /// The largest sample.
        largest: u16,
        /// The white level that these samples seem to have.
        suggested_white_level: u16,
    },
}

impl fmt::Display for DepthRemark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AboveWhiteLevel {
                largest,
                white_level,
            } => write!(
                f,
                "the picture has 16-bit samples up to {largest}, above the white level \
                 {white_level} of the model; they were taken as white"
            ),
            Self::FewBits {
                largest,
                suggested_white_level,
            } => write!(
                f,
                "the picture has 16-bit samples, none above {largest}, and the model has no \
                 white level, so it was inspected nearly black; \
                 {suggested_white_level} seems to be its white level"
            ),
        }
    }
}

impl Preprocessing {
    /// The options by which files of pictures and masks are read for this recipe.
    #[must_use]
    pub fn reading(&self, limits: Limits) -> ReadOptions {
        ReadOptions {
            limits,
            orientation: self.parts().orientation,
            ..ReadOptions::default()
        }
    }

    /// The 16-bit sample that is white.
    pub(super) fn white(&self) -> u16 {
        self.parts().white_level.map_or(u16::MAX, NonZeroU16::get)
    }

    /// The picture at 8 bits a sample as this recipe sees it: with the white level as 255.
    #[must_use]
    pub fn to_rgb8(&self, picture: &Picture) -> RgbImage {
        picture.to_rgb8_below(self.white())
    }

    /// A remark on the depth of a picture; `None` for 8 bits a sample.
    #[must_use]
    pub fn depth_remark(&self, picture: &Picture) -> Option<DepthRemark> {
        let used = SixteenBitUse::in_picture(picture)?;
        let largest = used.largest;
        match self.parts().white_level.map(NonZeroU16::get) {
            Some(white_level) => (largest > white_level).then_some(DepthRemark::AboveWhiteLevel {
                largest,
                white_level,
            }),
            None => used
                .suggested_white_level()
                .map(|level| DepthRemark::FewBits {
                    largest,
                    suggested_white_level: level.get(),
                }),
        }
    }
}
