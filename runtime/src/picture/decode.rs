//! From the bytes of a picture file to samples.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use image::error::ImageError;
use image::{ColorType, DynamicImage, ImageDecoder, ImageFormat, ImageReader};

use super::jpeg;
use super::{Limits, Picture, PictureProblem, Samples};

/// Room a decoder may take for each permitted pixel: RGBA at 16 bits, twice.
const DECODER_BYTES_PER_PIXEL: u64 = 16;

/// The bytes of a file, no more than the limit even if it grows meanwhile.
pub(super) fn read(path: &Path, limits: &Limits) -> Result<Vec<u8>, PictureProblem> {
    let file = File::open(path).map_err(PictureProblem::Read)?;
    let mut encoded = Vec::new();
    file.take(limits.max_encoded_bytes.saturating_add(1))
        .read_to_end(&mut encoded)
        .map_err(PictureProblem::Read)?;
    Ok(encoded)
}

pub(super) fn decode(encoded: &[u8], limits: &Limits) -> Result<Picture, PictureProblem> {
    limits.check_encoded(encoded.len() as u64)?;
    let format = recognise(encoded)?;
    let mut reader = ImageReader::with_format(Cursor::new(encoded), format);
    reader.limits(decoder_limits(limits));
    let decoder = reader.into_decoder().map_err(problem_from_decoder)?;
    let (width_px, height_px) = decoder.dimensions();
    limits.check_size(width_px, height_px)?;
    check_samples(decoder.color_type())?;
    if format == ImageFormat::Jpeg && !jpeg::is_complete(encoded) {
        return Err(PictureProblem::CutShort);
    }
    let image = DynamicImage::from_decoder(decoder).map_err(problem_from_decoder)?;
    Picture::new(width_px, height_px, rgb_samples(image)?)
}

fn recognise(encoded: &[u8]) -> Result<ImageFormat, PictureProblem> {
    use ImageFormat::{Bmp, Jpeg, Png, Tiff, WebP};
    match image::guess_format(encoded).map_err(|_unknown| PictureProblem::NotAPicture)? {
        format @ (Png | Jpeg | Bmp | Tiff | WebP) => Ok(format),
        other => Err(PictureProblem::UnsupportedFormat {
            format: format!("{other:?}"),
        }),
    }
}

/// Sides are checked by [`Limits::check_size`], which names them in its error.
fn decoder_limits(limits: &Limits) -> image::Limits {
    let mut bounds = image::Limits::no_limits();
    bounds.max_alloc = Some(limits.max_pixels.saturating_mul(DECODER_BYTES_PER_PIXEL));
    bounds
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

fn repeat_gray<T: Copy + Default>(samples: &[T], channels: usize) -> Vec<T> {
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
