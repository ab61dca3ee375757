//! TIFF files.

use image::ImageFormat;

use super::{Picture, PictureProblem, ReadOptions, general};

pub(super) fn decode(encoded: &[u8], options: &ReadOptions) -> Result<Picture, PictureProblem> {
    general::decode(encoded, ImageFormat::Tiff, options)
}
