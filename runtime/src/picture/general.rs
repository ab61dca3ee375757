//! Formats that the `image` crate reads without further checks of ours.

use std::io::Cursor;

use image::error::ImageError;
use image::{ColorType, DynamicImage, ImageDecoder, ImageFormat, ImageReader};

use super::{Limits, Picture, PictureProblem, ReadOptions, Samples};

/// Room a decoder may take for each permitted pixel: RGBA at 16 bits, twice.
const DECODER_BYTES_PER_PIXEL: u64 = 16;

/// Checks the size that the header claims, then decodes the pixels.
pub(super) fn decode(
    encoded: &[u8],
    format: ImageFormat,
    options: &ReadOptions,
) -> Result<Picture, PictureProblem> {
    let limits = &options.limits;
    let mut reader = ImageReader::with_format(Cursor::new(encoded), format);
    reader.limits(decoder_limits(limits));
    let decoder = reader.into_decoder().map_err(problem_from_decoder)?;
    let (width_px, height_px) = decoder.dimensions();
    limits.check_size(width_px, height_px)?;
    check_samples(decoder.color_type())?;
    let image = DynamicImage::from_decoder(decoder).map_err(problem_from_decoder)?;
    Picture::new(width_px, height_px, rgb_samples(image)?)
}

/// Sides are checked by [`Limits::check_size`], which names them in its error.
pub(super) fn decoder_limits(limits: &Limits) -> image::Limits {
    let mut bounds = image::Limits::no_limits();
    bounds.max_alloc = Some(decoder_bytes(limits));
    bounds
}

/// Room that a decoder may take.
pub(super) fn decoder_bytes(limits: &Limits) -> u64 {
    limits.max_pixels.saturating_mul(DECODER_BYTES_PER_PIXEL)
}

fn problem_from_decoder(error: ImageError) -> PictureProblem {
    match error {
        ImageError::Unsupported(_) => PictureProblem::UnsupportedVariant(error),
        _ => PictureProblem::Damaged(error),
    }
}

/// Repeats gray and drops alpha.
fn rgb_samples(image: DynamicImage) -> Result<Samples, PictureProblem> {
    use DynamicImage as D;
    Ok(match image {
        D::ImageLuma8(i) => Samples::Eight(repeat_gray(i.as_raw(), 1)),
        D::ImageLumaA8(i) => Samples::Eight(repeat_gray(i.as_raw(), 2)),
        D::ImageRgb8(i) => Samples::Eight(i.into_raw()),
        D::ImageRgba8(i) => Samples::Eight(drop_alpha(i.as_raw())),
        D::ImageLuma16(i) => Samples::Sixteen(repeat_gray(i.as_raw(), 1)),
        D::ImageLumaA16(i) => Samples::Sixteen(repeat_gray(i.as_raw(), 2)),
        D::ImageRgb16(i) => Samples::Sixteen(i.into_raw()),
        D::ImageRgba16(i) => Samples::Sixteen(drop_alpha(i.as_raw())),
        other => return Err(unsupported_samples(other.color())),
    })
}

fn check_samples(color: ColorType) -> Result<(), PictureProblem> {
    use ColorType::{L8, L16, La8, La16, Rgb8, Rgb16, Rgba8, Rgba16};
    match color {
        L8 | La8 | Rgb8 | Rgba8 | L16 | La16 | Rgb16 | Rgba16 => Ok(()),
        other => Err(unsupported_samples(other)),
    }
}

fn unsupported_samples(color: ColorType) -> PictureProblem {
    PictureProblem::UnsupportedSamples {
        samples: format!("{color:?}"),
    }
}

/// RGB of samples with this many channels; `None` when they are not gray or colour, with or
/// without alpha.
pub(super) fn rgb<T: Copy + Default>(samples: Vec<T>, channels: usize) -> Option<Vec<T>> {
    match channels {
        1 | 2 => Some(repeat_gray(&samples, channels)),
        3 => Some(samples),
        4 => Some(drop_alpha(&samples)),
        _ => None,
    }
}

pub(super) fn repeat_gray<T: Copy + Default>(samples: &[T], channels: usize) -> Vec<T> {
    let grays = samples.iter().step_by(channels);
    rgb_pixels(grays.map(|&gray| [gray; 3]))
}

fn drop_alpha<T: Copy + Default>(samples: &[T]) -> Vec<T> {
    let (pixels, _) = samples.as_chunks::<4>();
    rgb_pixels(
        pixels
            .iter()
            .map(|&[red, green, blue, _]| [red, green, blue]),
    )
}

/// Several times as fast as collecting single samples, because the length is known.
fn rgb_pixels<T: Copy + Default>(pixels: impl ExactSizeIterator<Item = [T; 3]>) -> Vec<T> {
    let mut samples = vec![T::default(); 3 * pixels.len()];
    let (chunks, _) = samples.as_chunks_mut::<3>();
    for (chunk, pixel) in chunks.iter_mut().zip(pixels) {
        *chunk = pixel;
    }
    samples
}
