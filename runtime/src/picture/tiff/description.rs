//! The description of a readable picture by its tags.

use super::colour::{self, Colour};
use super::compression::{self, Compression};
use super::directory::{ByteOrder, Directory};
use super::refusal::{SAVE_PLAINLY, damaged, unsupported};
use super::{samples, tag};
use crate::picture::{PictureProblem, ReadOptions};

/// Samples a pixel may have; what exceeds gray or RGB is dropped.
const MOST_SAMPLES: u64 = 6;
const UNSIGNED: u64 = 1;
const ASSOCIATED_ALPHA: u64 = 1;

pub(super) struct Description {
    pub(super) width_px: u32,
    pub(super) height_px: u32,
    pub(super) byte_order: ByteOrder,
    /// Bits of each sample.
    pub(super) bits: u32,
    /// Samples of a pixel, alpha and the like included.
    pub(super) samples: usize,
    /// Whether each sample has a plane of its own.
    pub(super) planar: bool,
    pub(super) colour: Colour,
    /// The sample that colours were multiplied by.
    pub(super) premultiplied_by: Option<usize>,
    pub(super) compression: Compression,
    /// Whether each sample is stored as its difference from the pixel to the left.
    pub(super) differences: bool,
    /// Whether the first pixel of a byte lies in its lowest bits.
    pub(super) lowest_bit_first: bool,
}

impl Description {
    /// Refuses features that are not read, by name.
    pub(super) fn from_directory(
        directory: &Directory<'_>,
        options: &ReadOptions,
    ) -> Result<Self, PictureProblem> {
        refuse_companions(directory)?;
        let (width_px, height_px) = size(directory)?;
        options.limits.check_size(width_px, height_px)?;
        let compression = compression::from_directory(directory)?;
        let samples = directory.number(tag::SAMPLES_PER_PIXEL)?.unwrap_or(1);
        let bits = bits(directory, samples)?;
        check_sample_format(directory, bits)?;
        let colour = colour::from_directory(directory, compression, bits)?;
        let extra = extra_samples(directory, &colour, samples)?;
        let description = Self {
            width_px,
            height_px,
            byte_order: directory.byte_order(),
            bits,
            samples: samples as usize,
            planar: is_planar(directory, samples)?,
            premultiplied_by: extra
                .iter()
                .position(|&kind| kind == ASSOCIATED_ALPHA)
                .map(|position| colour.samples() + position),
            differences: compression::has_differences(directory, compression, bits)?,
            lowest_bit_first: is_lowest_bit_first(directory)?,
            colour,
            compression,
        };
        check_compression(&description)?;
        Ok(description)
    }

    /// Samples that lie beside each other in one strip or tile.
    pub(super) fn samples_together(&self) -> usize {
        if self.planar { 1 } else { self.samples }
    }

    /// Bytes of one unpacked row of a strip or tile.
    pub(super) fn row_bytes(&self, width_px: usize) -> usize {
        samples::row_bytes(width_px * self.samples_together(), self.bits)
    }
}

/// The first picture may be a thumbnail or a mask of another one, which other readers show.
fn refuse_companions(directory: &Directory<'_>) -> Result<(), PictureProblem> {
    const REDUCED: u64 = 1;
    const MASK: u64 = 4;
    const OLD_REDUCED: u64 = 2;
    let flags = directory.number(tag::NEW_SUBFILE_TYPE)?.unwrap_or(0);
    let old = directory.number(tag::SUBFILE_TYPE)?;
    if flags & REDUCED != 0 || old == Some(OLD_REDUCED) {
        return Err(unsupported(
            "a thumbnail as the first picture (as in DNG and other raw files)",
            "save the full-size picture alone",
        ));
    }
    if flags & MASK != 0 {
        return Err(unsupported(
            "a transparency mask as the first picture",
            "save the picture itself as the first",
        ));
    }
    if directory
        .number(tag::IMAGE_DEPTH)?
        .is_some_and(|depth| depth > 1)
    {
        return Err(unsupported("volumes (ImageDepth)", "save one slice"));
    }
    Ok(())
}

fn size(directory: &Directory<'_>) -> Result<(u32, u32), PictureProblem> {
    let side = |tag, name| {
        u32::try_from(directory.required(tag, name)?)
            .map_err(|_| damaged(format!("{name} is beyond 32 bits")))
    };
    let width = side(tag::IMAGE_WIDTH, "ImageWidth")?;
    let height = side(tag::IMAGE_LENGTH, "ImageLength")?;
    if width == 0 || height == 0 {
        return Err(damaged("the picture has no size"));
    }
    Ok((width, height))
}

fn bits(directory: &Directory<'_>, samples: u64) -> Result<u32, PictureProblem> {
    let depths = directory
        .numbers(tag::BITS_PER_SAMPLE)?
        .unwrap_or_else(|| vec![1]);
    let Some(&first) = depths.first() else {
        return Err(damaged("BitsPerSample is empty"));
    };
    if depths.len() > 1 && (depths.len() as u64) < samples {
        return Err(damaged("BitsPerSample does not name all samples"));
    }
    if depths.iter().any(|&depth| depth != first) {
        return Err(unsupported("samples of several depths", SAVE_PLAINLY));
    }
    u32::try_from(first).map_err(|_| damaged("BitsPerSample is beyond 32 bits"))
}

fn check_sample_format(directory: &Directory<'_>, bits: u32) -> Result<(), PictureProblem> {
    let formats = directory.list(tag::SAMPLE_FORMAT)?;
    let odd = formats.iter().find(|&&format| format != UNSIGNED);
    let kind = match odd {
        // 4 is "undefined", which other readers take as unsigned.
        None | Some(4) => "whole numbers",
        Some(2) => "signed whole numbers",
        Some(3) => "floating point",
        Some(_) => "complex or unknown numbers",
    };
    let readable = matches!(bits, 1 | 2 | 4 | 8 | 10 | 12 | 14 | 16);
    if kind == "whole numbers" && readable {
        return Ok(());
    }
    Err(PictureProblem::UnsupportedSamples {
        samples: format!("{kind} of {bits} bits"),
    })
}

/// The kinds of the samples beyond gray or RGB.
fn extra_samples(
    directory: &Directory<'_>,
    colour: &Colour,
    samples: u64,
) -> Result<Vec<u64>, PictureProblem> {
    let needed = colour.samples() as u64;
    if samples < needed {
        return Err(damaged(format!("{samples} samples a pixel, not {needed}")));
    }
    let most = if needed == 1 { 2 } else { MOST_SAMPLES };
    if samples > most {
        return Err(unsupported(
            format!("{samples} samples a pixel (multispectral)"),
            SAVE_PLAINLY,
        ));
    }
    let kinds = directory.list(tag::EXTRA_SAMPLES)?;
    Ok(kinds
        .into_iter()
        .take((samples - needed) as usize)
        .collect())
}

fn is_planar(directory: &Directory<'_>, samples: u64) -> Result<bool, PictureProblem> {
    match directory.number(tag::PLANAR_CONFIGURATION)? {
        None | Some(1) => Ok(false),
        Some(2) => Ok(samples > 1),
        Some(other) => Err(damaged(format!("PlanarConfiguration is {other}"))),
    }
}

fn is_lowest_bit_first(directory: &Directory<'_>) -> Result<bool, PictureProblem> {
    match directory.number(tag::FILL_ORDER)? {
        None | Some(1) => Ok(false),
        Some(2) => Ok(true),
        Some(other) => Err(damaged(format!("FillOrder is {other}"))),
    }
}

/// Refuses kinds of samples that a compression cannot hold.
fn check_compression(description: &Description) -> Result<(), PictureProblem> {
    let Description { bits, samples, .. } = *description;
    let fits = match description.compression {
        Compression::Fax(_) => bits == 1 && samples == 1,
        Compression::Jpeg => bits == 8 && matches!(description.samples_together(), 1 | 3),
        Compression::WebP => {
            bits == 8
                && matches!(description.samples_together(), 3 | 4)
                && matches!(description.colour, Colour::Rgb)
                && description.premultiplied_by.is_none()
        }
        _ => true,
    };
    if fits && !(description.planar && matches!(description.colour, Colour::JpegYCbCr)) {
        return Ok(());
    }
    let kind = match description.compression {
        Compression::Fax(_) => "CCITT",
        Compression::WebP => "WebP",
        _ => "JPEG",
    };
    Err(unsupported(
        format!("{kind} compression of {samples} samples of {bits} bits"),
        SAVE_PLAINLY,
    ))
}
