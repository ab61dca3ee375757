//! Turning a picture by the orientation of the camera that its file records.

mod chunks;
mod recorded;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::str::FromStr;

use image::DynamicImage;
pub use image::metadata::Orientation;
use serde::{Deserialize, Serialize};

use super::{Limits, Picture, PictureError, PictureProblem, Pixels, decode};
use crate::invariant::BrokenInvariant;
pub(super) use recorded::recorded;

/// The handling of a picture whose file records an orientation.
///
/// Files record it in EXIF (JPEG, PNG, `WebP`) or in tag 274 (TIFF). Pixels that are
/// already in memory record nothing and are never turned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrientationRule {
    /// The picture is turned as its file records, as viewers, `ImageOps.exif_transpose` of
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

/// The name of no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no orientation rule {0:?}; choose exif or stored")]
pub struct UnknownOrientationRule(pub String);

/// The orientation that a picture file records. `NoTransforms` where it records none, or
/// one that cannot be read. Decodes no pixels.
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
    pub(super) fn turned(self, orientation: Orientation) -> Result<Self, PictureProblem> {
        if orientation == Orientation::NoTransforms {
            return Ok(self);
        }
        let mut image = match self.pixels {
            Pixels::Eight(image) => DynamicImage::ImageRgb8(image),
            Pixels::Sixteen(image) => DynamicImage::ImageRgb16(image),
        };
        image.apply_orientation(orientation);
        let pixels = match image {
            DynamicImage::ImageRgb8(image) => Pixels::Eight(image),
            DynamicImage::ImageRgb16(image) => Pixels::Sixteen(image),
            _ => return Err(BrokenInvariant("a turned picture keeps its depth").into()),
        };
        Ok(Self {
            pixels,
            damage: self.damage,
        })
    }
}
