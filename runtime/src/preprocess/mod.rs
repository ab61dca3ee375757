//! From a picture to the network's input, identically in the trainer, the runtime and every
//! binding.

mod error;
mod geometry;
mod reading;
mod resize;
#[cfg(test)]
mod tests;

use std::num::NonZeroU16;

use ndarray::{Array2, Array3};
use serde::{Deserialize, Serialize};

pub use error::PreprocessError;
pub use geometry::{Geometry, Point, Rect};
pub use reading::DepthRemark;

use crate::picture::{Mask, OrientationRule, Picture};
use resize::Resized;

/// Mean of red, green and blue over `ImageNet`, samples in 0..1.
const IMAGENET_MEAN: [f32; 3] = [0.485, 0.456, 0.406];
/// Standard deviation that belongs to [`IMAGENET_MEAN`].
const IMAGENET_STD: [f32; 3] = [0.229, 0.224, 0.225];

/// Height and width in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

/// The interpolation between pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResizeFilter {
    /// A triangle as wide as one output pixel (never narrower than one input
    /// pixel), normalised at the borders. This is what Pillow's bilinear and
    /// torch's antialiased bilinear resize compute, here on floating samples.
    BilinearAntialias,
    /// Lanczos with three lobes on 8-bit samples, rows first, rounded after each
    /// direction: Pillow's to within one level. Deeper pictures are brought to 8 bits.
    #[serde(rename = "lanczos_8bit")]
    Lanczos8Bit,
}

/// The treatment of the aspect ratio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AspectRule {
    /// Height and width are scaled separately, to exactly the requested size.
    Stretch,
    /// The shorter side gets the size asked for, the longer one floor(size · longer /
    /// shorter), as torchvision's resize to one number does. The size must be square
    /// and followed by a centre crop.
    ShorterSide,
}

/// The recipe: read, resize, crop the centre, normalise.
///
/// Plain settings, as read from a manifest; [`validate`](Self::validate) says
/// whether they can be carried out, and [`apply`](Self::apply) asks it first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preprocessing {
    /// Whether picture files and masks are turned by their recorded orientation. Bundles of
    /// format 3 do not hold this field, and were made with stored pixels.
    #[serde(default = "stored")]
    pub orientation: OrientationRule,
    /// The 16-bit sample that is white; what lies above it is white as well. `None` is
    /// 65535, the full range. Pictures with 8 bits a sample are white at 255 always.
    pub white_level: Option<NonZeroU16>,
    /// Size after the resize, before `aspect` lets one side grow.
    pub resize: Size,
    /// The interpolation of the resize.
    pub filter: ResizeFilter,
    /// The treatment of the aspect ratio by the resize.
    pub aspect: AspectRule,
    /// Size of the centre kept after the resize; `None` keeps all.
    pub center_crop: Option<Size>,
    /// Subtracted from red, green, blue (samples in 0..1).
    pub mean: [f32; 3],
    /// Divisors of red, green and blue after that.
    pub std: [f32; 3],
}

impl Preprocessing {
    /// Largest side of `resize`; keeps a hostile manifest from asking for more
    /// memory than a machine has.
    pub const MAX_SIDE_PX: usize = 4096;

    /// The recipe for a backbone trained on `ImageNet`.
    #[must_use]
    pub fn imagenet(resize: Size, center_crop: Option<Size>) -> Self {
        Self {
            orientation: OrientationRule::Exif,
            white_level: None,
            resize,
            filter: ResizeFilter::BilinearAntialias,
            aspect: AspectRule::Stretch,
            center_crop,
            mean: IMAGENET_MEAN,
            std: IMAGENET_STD,
        }
    }

    /// Checks that sizes are in range, the crop fits and the normalisation is finite.
    pub fn validate(&self) -> Result<(), PreprocessError> {
        let Size { height, width } = self.resize;
        if [height, width]
            .iter()
            .any(|side| !(1..=Self::MAX_SIDE_PX).contains(side))
        {
            return Err(PreprocessError::ResizeOutOfRange { height, width });
        }
        let crop = self.input_size();
        if !(1..=height).contains(&crop.height) || !(1..=width).contains(&crop.width) {
            return Err(PreprocessError::CropOutOfRange {
                crop,
                resize: self.resize,
            });
        }
        let square_and_cropped = height == width && self.center_crop.is_some();
        if self.aspect == AspectRule::ShorterSide && !square_and_cropped {
            return Err(PreprocessError::ShorterSide {
                resize: self.resize,
            });
        }
        let mean_fits = self.mean.iter().all(|value| value.is_finite());
        let std_fits = self
            .std
            .iter()
            .all(|&value| value.is_normal() && value > 0.0);
        // The values of black and of white.
        let ends_fit = self.mean.iter().zip(&self.std).all(|(&mean, &std)| {
            let end = |value: f32| (value - mean) / std;
            end(0.0).is_finite() && end(1.0).is_finite()
        });
        if !(mean_fits && std_fits && ends_fit) {
            return Err(PreprocessError::Normalisation {
                mean: self.mean,
                std: self.std,
            });
        }
        Ok(())
    }

    /// Size of the network's input, and so of the anomaly map.
    #[must_use]
    pub fn input_size(&self) -> Size {
        self.center_crop.unwrap_or(self.resize)
    }

    /// The network's input: 3×H×W (red, green, blue), `(x − mean) / std` with
    /// `x` in 0..1: a sample divided by 255, or by the white level. Every value is finite.
    ///
    /// Uses the current rayon pool; the same bits for any number of threads.
    pub fn apply(&self, picture: &Picture) -> Result<Array3<f32>, PreprocessError> {
        let size = self.check_picture(picture.width_px(), picture.height_px())?;
        let resized = match self.filter {
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
    /// the resize. Asks [`validate`](Self::validate) first.
    pub fn check_picture(&self, width_px: u32, height_px: u32) -> Result<Size, PreprocessError> {
        self.validate()?;
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
            let (mean, std) = (self.mean[channel], self.std[channel]);
            for value in values.iter_mut().skip(plane) {
                *value = (*value / resized.full_scale - mean) / std;
            }
        }
        values
    }

    /// The mask in the network's frame: H×W, nearest neighbour, same crop.
    ///
    /// The neighbour is the mask pixel under the output pixel's centre, as in
    /// Pillow: source index = floor((i + 0.5) · in / out). Expects a recipe
    /// that [`validate`](Self::validate) accepts.
    #[must_use]
    pub fn apply_mask(&self, mask: &Mask) -> Array2<bool> {
        let resized = self.resized(mask.width_px(), mask.height_px());
        let (crop, Size { height, width }) = (self.crop_offset(resized), self.input_size());
        let (rows, columns) = (mask.height_px() as usize, mask.width_px() as usize);
        Array2::from_shape_fn((height, width), |(row, column)| {
            let source_row = nearest(row + crop.height, rows, resized.height);
            let source_column = nearest(column + crop.width, columns, resized.width);
            mask.defects()[source_row * columns + source_column]
        })
    }

    /// The mapping between the network's frame and a picture of this size.
    #[must_use]
    pub fn geometry(&self, picture_width_px: u32, picture_height_px: u32) -> Geometry {
        Geometry::new(self, picture_width_px, picture_height_px)
    }

    /// Size of a picture after the resize, before the crop.
    #[must_use]
    pub fn resized(&self, width_px: u32, height_px: u32) -> Size {
        let (side, width, height) = (self.resize.width, width_px as usize, height_px as usize);
        match self.aspect {
            AspectRule::Stretch => self.resize,
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

fn stored() -> OrientationRule {
    OrientationRule::Stored
}

/// The index below `source_length` whose pixel holds the centre of output pixel `index`.
fn nearest(index: usize, source_length: usize, output_length: usize) -> usize {
    (2 * index + 1) * source_length / (2 * output_length).max(1)
}
