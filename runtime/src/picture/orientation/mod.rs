//! How a picture is turned by what its file says of the camera's position.

mod chunks;
mod recorded;
#[cfg(test)]
mod tests;

use std::mem::replace;
use std::path::Path;
use std::str::FromStr;

pub use image::metadata::Orientation;
use image::{DynamicImage, ImageBuffer};
use serde::{Deserialize, Serialize};

use super::{Limits, Picture, PictureError, PictureProblem, Samples, decode};
pub(super) use recorded::recorded;

/// What happens to a picture whose file records an orientation.
///
/// Files record it in EXIF (JPEG, PNG, `WebP`) or in tag 274 (TIFF). Pixels that are
/// already in memory record nothing and are never turned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrientationRule {
    /// The picture is turned as its file asks, as viewers, `ImageOps.exif_transpose` of
    /// Pillow and `imread` of `OpenCV` do. A record that cannot be read turns nothing.
    #[default]
    Exif,
    /// The pixels stay as they are stored.
    Stored,
}

impl OrientationRule {
    /// The name in bundles and options.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Exif => "exif",
            Self::Stored => "stored",
        }
    }
}

impl FromStr for OrientationRule {
    type Err = UnknownOrientationRule;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "exif" => Ok(Self::Exif),
            "stored" => Ok(Self::Stored),
            _ => Err(UnknownOrientationRule(name.to_owned())),
        }
    }
}

/// A rule that there is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no orientation rule {0:?}; choose exif or stored")]
pub struct UnknownOrientationRule(pub String);

/// The orientation that a picture file records; `NoTransforms` where it records none, or
/// none that can be read. Decodes no pixels.
///
/// # Errors
/// The file cannot be read, is larger than the limit, or is no picture file.
pub fn recorded_orientation(path: &Path, limits: &Limits) -> Result<Orientation, PictureError> {
    let found = || {
        let encoded = decode::read(path, limits)?;
        limits.check_encoded(encoded.len() as u64)?;
        Ok(recorded(&encoded, decode::format(&encoded)?))
    };
    found().map_err(|problem| PictureError::at(path, problem))
}

impl Picture {
    /// The picture after the turn; the sides may change places.
    pub(super) fn turned(mut self, orientation: Orientation) -> Result<Self, PictureProblem> {
        if orientation == Orientation::NoTransforms {
            return Ok(self);
        }
        let mut image = self.take_image()?;
        image.apply_orientation(orientation);
        (self.width_px, self.height_px) = (image.width(), image.height());
        self.samples = match image {
            DynamicImage::ImageRgb16(image) => Samples::Sixteen(image.into_raw()),
            other => Samples::Eight(other.into_rgb8().into_raw()),
        };
        Ok(self)
    }

    /// Takes the samples out, and leaves none.
    fn take_image(&mut self) -> Result<DynamicImage, PictureProblem> {
        let (width_px, height_px) = (self.width_px, self.height_px);
        let found = 3 * width_px as usize * height_px as usize;
        let image = match replace(&mut self.samples, Samples::Eight(Vec::new())) {
            Samples::Eight(samples) => {
                ImageBuffer::from_raw(width_px, height_px, samples).map(DynamicImage::ImageRgb8)
            }
            Samples::Sixteen(samples) => {
                ImageBuffer::from_raw(width_px, height_px, samples).map(DynamicImage::ImageRgb16)
            }
        };
        image.ok_or(PictureProblem::SampleCount {
            width_px,
            height_px,
            expected: found as u64,
            found,
        })
    }
}
