//! Turning a picture by the orientation of the camera that its file records.

mod chunks;
mod recorded;
#[cfg(test)]
mod tests;

use image::DynamicImage;
pub use image::metadata::Orientation;

use super::{Picture, PictureProblem, Pixels};
use crate::invariant::BrokenInvariant;
pub(super) use recorded::recorded;

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
