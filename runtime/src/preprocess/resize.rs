//! Resizing, antialiased.

use bytemuck::cast_slice;
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{F32x3, U8x3};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};
use image::RgbImage;
use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::{ParallelSlice, ParallelSliceMut};

use super::{PreprocessError, Size};
use crate::picture::{Picture, Pixels};

/// Pixels that are turned into floats at a time: few enough to stay in the cache of one
/// core until they are narrowed, and a bound on the memory that large pictures take.
const STRIP_PIXELS: usize = 1 << 16;

/// A picture after the resize.
#[derive(Debug)]
pub(super) struct Resized {
    size: Size,
    /// Row by row.
    pixels: Vec<F32x3>,
    /// The sample that is white: 255, or the white level of 16 bits.
    pub(super) full_scale: f32,
}

impl Resized {
    /// Red, green and blue of the pixels of each row, 0 to `full_scale`.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[F32x3]> {
        self.pixels.chunks(self.size.width)
    }
}

/// The picture at `size`, which has no side of 0, resized on floating samples by a
/// triangle, rows first.
///
/// Uses the current rayon pool; the same bits for any number of threads. A picture
/// that already has this size comes back unchanged. 16-bit samples above `white` are `white`.
pub(super) fn bilinear_antialias(
    picture: &Picture,
    size: Size,
    white: u16,
) -> Result<Resized, PreprocessError> {
    let (from, height) = (picture.width_px() as usize, picture.height_px() as usize);
    let mut narrow = vec![BLACK; size.width * height];
    let full_scale = match picture.pixels() {
        Pixels::Eight(samples) => {
            narrow_rows(samples, f32::from, from, &mut narrow, size.width)?;
            f32::from(u8::MAX)
        }
        Pixels::Sixteen(samples) => {
            let below = |sample: u16| f32::from(sample.min(white));
            narrow_rows(samples, below, from, &mut narrow, size.width)?;
            f32::from(white)
        }
    };
    let mut pixels = vec![BLACK; size.width * size.height];
    let filter = FilterType::Bilinear;
    resize(
        &image(&narrow, size.width)?,
        &mut pixels,
        size.width,
        filter,
    )?;
    Ok(Resized {
        size,
        pixels,
        full_scale,
    })
}

/// The picture at `size`, resized by Lanczos with three lobes on 8-bit samples. Rows come
/// first, as in Pillow, because each direction rounds.
pub(super) fn lanczos_8bit(rgb: &RgbImage, size: Size) -> Result<Resized, PreprocessError> {
    let pixels: Vec<U8x3> = rgb.pixels().map(|pixel| U8x3::new(pixel.0)).collect();
    let (from, height) = (rgb.width() as usize, rgb.height() as usize);
    let filter = FilterType::Lanczos3;
    let mut narrow = vec![U8x3::new([0; 3]); size.width * height];
    resize(&image(&pixels, from)?, &mut narrow, size.width, filter)?;
    let mut pixels = vec![U8x3::new([0; 3]); size.width * size.height];
    resize(
        &image(&narrow, size.width)?,
        &mut pixels,
        size.width,
        filter,
    )?;
    let floats = pixels
        .iter()
        .map(|pixel| F32x3::new(pixel.0.map(f32::from)));
    Ok(Resized {
        size,
        pixels: floats.collect(),
        full_scale: f32::from(u8::MAX),
    })
}

const BLACK: F32x3 = F32x3::new([0.0; 3]);

/// Resizes every row from `from` to `to` pixels. The result does not depend on the strips.
fn narrow_rows<T: Copy + Sync>(
    samples: &[T],
    float: impl Fn(T) -> f32 + Sync,
    from: usize,
    narrow: &mut [F32x3],
    to: usize,
) -> Result<(), PreprocessError> {
    let rows = (STRIP_PIXELS / from).max(1);
    samples
        .par_chunks(rows * from * 3)
        .zip(narrow.par_chunks_mut(rows * to))
        .try_for_each_init(Vec::new, |floats: &mut Vec<f32>, (strip, narrow)| {
            floats.clear();
            // Sample by sample, which the compiler turns into vector instructions.
            floats.extend(strip.iter().map(|&sample| float(sample)));
            let (from_height, floats) = (strip.len() / (from * 3), cast_slice(floats));
            let strip = TypedImageRef::from_buffer(from as u32, from_height as u32, floats);
            resize(&strip.map_err(failed)?, narrow, to, FilterType::Bilinear)
        })
}

/// Resizes to as many rows of `width` pixels as `to` holds.
fn resize<P: PixelTrait>(
    from: &TypedImageRef<'_, P>,
    to: &mut [P],
    width: usize,
    filter: FilterType,
) -> Result<(), PreprocessError> {
    let height = to.len() / width;
    let to = TypedImage::from_pixels_slice(width as u32, height as u32, to);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
    Resizer::new()
        .resize_typed(from, &mut to.map_err(failed)?, &options)
        .map_err(failed)
}

/// Rows of `width` pixels.
fn image<P: PixelTrait>(
    pixels: &[P],
    width: usize,
) -> Result<TypedImageRef<'_, P>, PreprocessError> {
    let height = pixels.len() / width;
    TypedImageRef::new(width as u32, height as u32, pixels).map_err(failed)
}

pub(super) fn failed(error: impl std::error::Error) -> PreprocessError {
    PreprocessError::Resize {
        reason: error.to_string(),
    }
}
