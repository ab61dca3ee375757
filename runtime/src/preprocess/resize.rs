//! The antialiased bilinear resize.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::F32x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use ndarray::Array3;

use super::{PreprocessError, Size};
use crate::picture::{Picture, Samples};

/// The picture at `size`: height × width × 3, samples in 0..1.
///
/// One thread, so the same machine always sums in the same order. A picture
/// that already has this size comes back unchanged.
pub(super) fn bilinear_antialias(
    picture: &Picture,
    size: Size,
) -> Result<Array3<f32>, PreprocessError> {
    let pixels = unit_pixels(picture.samples());
    let source = TypedImageRef::new(picture.width_px(), picture.height_px(), &pixels)
        .map_err(|error| failed(&error))?;
    let mut resized = TypedImage::new(size.width as u32, size.height as u32);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    Resizer::new()
        .resize_typed(&source, &mut resized, &options)
        .map_err(|error| failed(&error))?;
    let samples = resized.pixels().iter().flat_map(|pixel| pixel.0).collect();
    Array3::from_shape_vec((size.height, size.width, 3), samples).map_err(|error| failed(&error))
}

fn unit_pixels(samples: &Samples) -> Vec<F32x3> {
    match samples {
        Samples::Eight(samples) => pixels_scaled_by(samples, f32::from(u8::MAX)),
        Samples::Sixteen(samples) => pixels_scaled_by(samples, f32::from(u16::MAX)),
    }
}

fn pixels_scaled_by<T: Copy + Into<f32>>(samples: &[T], full_scale: f32) -> Vec<F32x3> {
    let (pixels, _) = samples.as_chunks::<3>();
    pixels
        .iter()
        .map(|pixel| F32x3::new(pixel.map(|sample| sample.into() / full_scale)))
        .collect()
}

fn failed(error: &dyn std::error::Error) -> PreprocessError {
    PreprocessError::Resize {
        reason: error.to_string(),
    }
}
