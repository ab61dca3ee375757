//! Resizing, antialiased.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{F32x3, U8x3};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};
use ndarray::Array3;

use super::{PreprocessError, Size};
use crate::picture::{Picture, Samples};

/// The picture at `size`: height × width × 3, samples in 0..1, resized on floating
/// samples by a triangle.
///
/// One thread, so the same machine always sums in the same order. A picture
/// that already has this size comes back unchanged.
pub(super) fn bilinear_antialias(
    picture: &Picture,
    size: Size,
) -> Result<Array3<f32>, PreprocessError> {
    let pixels = unit_pixels(picture.samples());
    let dimensions = (picture.width_px(), picture.height_px());
    let resized = resized(dimensions, &pixels, size, FilterType::Bilinear)?;
    samples(size, resized.pixels().iter().flat_map(|pixel| pixel.0))
}

/// The same by Lanczos with three lobes on 8-bit samples; rows first, as in Pillow,
/// because each direction rounds.
pub(super) fn lanczos_8bit(picture: &Picture, size: Size) -> Result<Array3<f32>, PreprocessError> {
    let rgb = picture.to_rgb8();
    let pixels: Vec<U8x3> = rgb.pixels().map(|pixel| U8x3::new(pixel.0)).collect();
    let (width, height) = rgb.dimensions();
    let rows = Size {
        height: height as usize,
        width: size.width,
    };
    let narrowed = resized((width, height), &pixels, rows, FilterType::Lanczos3)?;
    let resized = resized(
        (size.width as u32, height),
        narrowed.pixels(),
        size,
        FilterType::Lanczos3,
    )?;
    let unit = |sample: u8| f32::from(sample) / f32::from(u8::MAX);
    samples(
        size,
        resized.pixels().iter().flat_map(|pixel| pixel.0.map(unit)),
    )
}

fn resized<P: PixelTrait>(
    (width_px, height_px): (u32, u32),
    pixels: &[P],
    size: Size,
    filter: FilterType,
) -> Result<TypedImage<'static, P>, PreprocessError> {
    let source = TypedImageRef::new(width_px, height_px, pixels).map_err(|error| failed(&error))?;
    let mut resized = TypedImage::new(size.width as u32, size.height as u32);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
    Resizer::new()
        .resize_typed(&source, &mut resized, &options)
        .map_err(|error| failed(&error))?;
    Ok(resized)
}

fn samples(size: Size, samples: impl Iterator<Item = f32>) -> Result<Array3<f32>, PreprocessError> {
    Array3::from_shape_vec((size.height, size.width, 3), samples.collect())
        .map_err(|error| failed(&error))
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
