//! How a picture is turned by what its file says of the camera's position.

mod chunks;
mod recorded;
#[cfg(test)]
mod tests;

use std::mem::replace;

pub use image::metadata::Orientation;
use image::{DynamicImage, ImageBuffer};

use super::{Picture, PictureProblem, Samples};
pub(super) use recorded::recorded;

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
