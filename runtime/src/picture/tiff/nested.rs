//! Strips and tiles that are whole pictures of another format.

use std::borrow::Cow;

use image::ImageFormat;

use super::chunks::Chunk;
use super::colour::Colour;
use super::jpeg_stream::{self, Colours};
use super::refusal::damaged;
use super::source::{ChunkSamples, Source};
use crate::picture::{DamageRule, Picture, PictureProblem, Pixels, ReadOptions, general, jpeg};

pub(super) fn jpeg<'a>(
    source: &Source<'_>,
    chunk: &Chunk,
) -> Result<ChunkSamples<'a, u8>, PictureProblem> {
    let pixel_samples = source.description.samples_together();
    let colours = match source.description.colour {
        Colour::JpegYCbCr => Colours::YCbCr,
        _ if pixel_samples == 3 => Colours::Rgb,
        _ => Colours::Gray,
    };
    // Without a tag of tables, each strip or tile holds its own.
    let tables = source.jpeg_tables.unwrap_or(&[]);
    let stream = jpeg_stream::complete(tables, &source.packed(chunk), colours)?;
    let picture = jpeg::decode(&stream, &options_for_parts(source.options))?;
    let rgb = fitting_rgb(picture, chunk)?;
    let samples = match colours {
        Colours::Gray => rgb.into_iter().step_by(3).collect(),
        Colours::Rgb | Colours::YCbCr => rgb,
    };
    Ok(ChunkSamples {
        samples: Cow::Owned(samples),
        pixel_samples,
    })
}

pub(super) fn webp<'a>(
    source: &Source<'_>,
    chunk: &Chunk,
) -> Result<ChunkSamples<'a, u8>, PictureProblem> {
    let options = options_for_parts(source.options);
    let picture = general::decode(&source.packed(chunk), ImageFormat::WebP, &options)?;
    Ok(ChunkSamples {
        samples: Cow::Owned(fitting_rgb(picture, chunk)?),
        pixel_samples: 3,
    })
}

/// A strip may be lower than the smallest picture that is worth reading. A damaged part makes
/// the whole damaged.
fn options_for_parts(options: &ReadOptions) -> ReadOptions {
    let mut for_parts = *options;
    for_parts.limits.min_side_px = 1;
    for_parts.damage = DamageRule::Refuse;
    for_parts
}

/// The samples of the rows that the chunk needs; the last strip may hold more.
fn fitting_rgb(picture: Picture, chunk: &Chunk) -> Result<Vec<u8>, PictureProblem> {
    let (width, height) = (picture.width_px() as usize, picture.height_px() as usize);
    if width != chunk.width_px || height < chunk.height_px {
        return Err(damaged(format!(
            "a strip or tile holds {width}×{height} px, not {}×{}",
            chunk.width_px, chunk.height_px
        )));
    }
    match picture.pixels {
        Pixels::Eight(image) => {
            let mut samples = image.into_raw();
            samples.truncate(3 * chunk.width_px * chunk.height_px);
            Ok(samples)
        }
        Pixels::Sixteen(_) => Err(damaged("a strip or tile holds 16 bits a sample, not 8")),
    }
}
