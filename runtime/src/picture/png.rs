//! PNG files, with all their checksums. The `image` crate leaves out the one over the pixels.

use std::io::Cursor;

use image::ImageError;
use image::ImageFormat::Png;
use image::error::{DecodingError, LimitError, LimitErrorKind};
use png::{BitDepth, ColorType, DecodeOptions, Decoder, Transformations};

use super::{Picture, PictureProblem, ReadOptions, Samples, general};

pub(super) fn decode(encoded: &[u8], options: &ReadOptions) -> Result<Picture, PictureProblem> {
    let mut decoder = Decoder::new_with_options(Cursor::new(encoded), with_all_checksums());
    decoder.set_limits(png::Limits {
        bytes: usize::try_from(general::decoder_bytes(&options.limits)).unwrap_or(usize::MAX),
    });
    decoder.set_transformations(Transformations::EXPAND);
    let (width_px, height_px) = decoder.read_header_info().map_err(damaged)?.size();
    options.limits.check_size(width_px, height_px)?;
    let mut reader = decoder.read_info().map_err(damaged)?;
    let (color, depth) = reader.output_color_type();
    let bytes = reader.output_buffer_size().ok_or_else(too_large)?;
    let mut samples = vec![0; bytes];
    reader.next_frame(&mut samples).map_err(damaged)?;
    Picture::new(width_px, height_px, rgb(samples, color, depth)?)
}

fn with_all_checksums() -> DecodeOptions {
    let mut options = DecodeOptions::default();
    options.set_ignore_adler32(false);
    options
}

/// The decoder gives 8 or 16 bits, and no palette.
fn rgb(bytes: Vec<u8>, color: ColorType, depth: BitDepth) -> Result<Samples, PictureProblem> {
    match depth {
        BitDepth::Eight => general::rgb(bytes, color.samples()).map(Samples::Eight),
        BitDepth::Sixteen => {
            let (pairs, _) = bytes.as_chunks::<2>();
            let samples = pairs.iter().map(|&pair| u16::from_be_bytes(pair)).collect();
            general::rgb(samples, color.samples()).map(Samples::Sixteen)
        }
        _ => None,
    }
    .ok_or_else(|| PictureProblem::UnsupportedSamples {
        samples: format!("{color:?} with {depth:?} bits"),
    })
}

/// The buffer is larger than any memory, which a picture within the limits never needs.
fn too_large() -> PictureProblem {
    let kind = LimitErrorKind::InsufficientMemory;
    PictureProblem::Damaged(ImageError::Limits(LimitError::from_kind(kind)))
}

fn damaged(error: png::DecodingError) -> PictureProblem {
    PictureProblem::Damaged(ImageError::Decoding(DecodingError::new(Png.into(), error)))
}
