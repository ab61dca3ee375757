//! From a picture to the network's input, identically in the trainer, the runtime and every
//! binding.

mod error;
mod geometry;
mod reading;
mod recipe;
mod resize;
mod size;
#[cfg(test)]
mod tests;

use ndarray::{Array2, Array3};

pub use error::PreprocessError;
pub use geometry::{Geometry, Point, Rect};
pub use reading::DepthRemark;
pub use recipe::{AspectRule, Preprocessing, PreprocessingParts, ResizeFilter};
pub use size::Size;

use crate::picture::{Mask, Picture};
use resize::Resized;

impl Preprocessing {
    /// The network's input: 3×H×W (red, green, blue), `(x − mean) / std` with
    /// `x` in 0..1: a sample divided by 255, or by the white level. Every value is finite.
    ///
    /// Uses the current rayon pool; the same bits for any number of threads.
    pub fn apply(&self, picture: &Picture) -> Result<Array3<f32>, PreprocessError> {
        let size = self.check_picture(picture.width_px(), picture.height_px())?;
        let resized = match self.parts().filter {
            ResizeFilter::BilinearAntialias => {
                resize::bilinear_antialias(picture, size, self.white())
            }
            ResizeFilter::Lanczos8Bit => resize::lanczos_8bit(&self.to_rgb8(picture), size),
        }?;
        let values = self.cropped_and_normalised(&resized, self.crop_offset(size));
        let Size { height, width } = self.input_size();
        Array3::from_shape_vec((3, height, width), values).map_err(resize::failed)
    }

    /// Whether [`apply`](Self::apply) can prepare a picture of this size: its size after
    /// the resize.
    pub fn check_picture(&self, width_px: u32, height_px: u32) -> Result<Size, PreprocessError> {
        let size = self.resized(width_px, height_px);
        if size.height.max(size.width) > Self::MAX_SIDE_PX {
            return Err(PreprocessError::TooLong { resized: size });
        }
        Ok(size)
    }

    fn cropped_and_normalised(&self, resized: &Resized, crop: Size) -> Vec<f32> {
        let Size { height, width } = self.input_size();
        let mut values = Vec::with_capacity(3 * height * width);
        for channel in 0..3 {
            let plane = values.len();
            for row in resized.rows().skip(crop.height).take(height) {
                let pixels = row.iter().skip(crop.width).take(width);
                values.extend(pixels.map(|pixel| pixel.0[channel]));
            }
            let (mean, std) = (self.parts().mean[channel], self.parts().std[channel]);
            for value in values.iter_mut().skip(plane) {
                *value = (*value / resized.full_scale - mean) / std;
            }
        }
        values
    }

    /// The mask in the network's frame: H×W, nearest neighbour, same crop.
    ///
    /// The neighbour is the mask pixel under the output pixel's centre, as in
    /// Pillow: source index = floor((i + 0.5) · in / out).
    #[must_use]
    pub fn apply_mask(&self, mask: &Mask) -> Array2<bool> {
        let resized = self.resized(mask.width_px(), mask.height_px());
        part_of_mask(mask, resized, self.crop_offset(resized), self.input_size())
    }

    /// The mask after the resize, before the crop.
    #[must_use]
    pub fn resize_mask(&self, mask: &Mask) -> Array2<bool> {
        let resized = self.resized(mask.width_px(), mask.height_px());
        let whole = Size {
            height: 0,
            width: 0,
        };
        part_of_mask(mask, resized, whole, resized)
    }

    /// The mapping between the network's frame and a picture of this size.
    #[must_use]
    pub fn geometry(&self, picture_width_px: u32, picture_height_px: u32) -> Geometry {
        Geometry::new(self, picture_width_px, picture_height_px)
    }

    /// Size of a picture after the resize, before the crop.
    #[must_use]
    pub fn resized(&self, width_px: u32, height_px: u32) -> Size {
        let (side, width, height) = (
            self.parts().resize.width,
            width_px as usize,
            height_px as usize,
        );
        match self.parts().aspect {
            AspectRule::Stretch => self.parts().resize,
            AspectRule::ShorterSide if width < height => Size {
                height: side * height / width.max(1),
                width: side,
            },
            AspectRule::ShorterSide => Size {
                height: side,
                width: side * width / height.max(1),
            },
        }
    }

    /// First row and column kept of a picture of size `resized`: half the margin, rounded half to even as
    /// torchvision's centre crop does.
    #[must_use]
    pub fn crop_offset(&self, resized: Size) -> Size {
        let half = |margin: usize| (margin as f64 / 2.0).round_ties_even() as usize;
        let kept = self.input_size();
        Size {
            height: half(resized.height.saturating_sub(kept.height)),
            width: half(resized.width.saturating_sub(kept.width)),
        }
    }
}

/// The pixels of a resized mask from `offset` on.
fn part_of_mask(mask: &Mask, resized: Size, offset: Size, kept: Size) -> Array2<bool> {
    let (rows, columns) = (mask.height_px() as usize, mask.width_px() as usize);
    Array2::from_shape_fn((kept.height, kept.width), |(row, column)| {
        let source_row = nearest(row + offset.height, rows, resized.height);
        let source_column = nearest(column + offset.width, columns, resized.width);
        mask.defects()[source_row * columns + source_column]
    })
}

/// The index below `source_length` whose pixel holds the centre of output pixel `index`.
fn nearest(index: usize, source_length: usize, output_length: usize) -> usize {
    (2 * index + 1) * source_length / (2 * output_length).max(1)
}
