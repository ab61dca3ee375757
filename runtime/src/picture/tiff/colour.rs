//! Conversion of samples to colours.

use super::compression::Compression;
use super::directory::Directory;
use super::refusal::{SAVE_PLAINLY, damaged, unsupported};
use super::tag;
use crate::picture::PictureProblem;

pub(super) enum Colour {
    /// One sample of at most 8 bits: the colour of each value.
    Table(Box<[[u8; 3]; 256]>),
    /// One sample of more than 8 bits, black at zero.
    DeepGray,
    /// Three samples.
    Rgb,
    /// Three samples that the JPEG decoder turns into RGB.
    JpegYCbCr,
}

impl Colour {
    /// Samples that hold the colour; further ones are alpha and the like.
    pub(super) fn samples(&self) -> usize {
        match self {
            Self::Table(_) | Self::DeepGray => 1,
            Self::Rgb | Self::JpegYCbCr => 3,
        }
    }
}

pub(super) fn from_directory(
    directory: &Directory<'_>,
    compression: Compression,
    bits: u32,
) -> Result<Colour, PictureProblem> {
    let refused = |feature: &str| Err(unsupported(feature, SAVE_PLAINLY));
    match directory.required(tag::PHOTOMETRIC, "PhotometricInterpretation")? {
        0 if bits <= 8 => Ok(gray(bits, true)),
        0 => refused("white as zero at more than 8 bits, which readers show differently,"),
        1 if bits <= 8 => Ok(gray(bits, false)),
        1 => Ok(Colour::DeepGray),
        2 if bits >= 8 => Ok(Colour::Rgb),
        2 => refused("RGB colours of less than 8 bits"),
        3 if bits <= 8 => palette(directory, bits),
        3 => refused("palettes of more than 256 colours"),
        4 => refused("a transparency mask as the picture"),
        5 => refused("CMYK colours"),
        6 if matches!(compression, Compression::Jpeg) => Ok(Colour::JpegYCbCr),
        6 => refused("YCbCr colours without JPEG compression"),
        8..=10 => refused("CIE L*a*b* colours"),
        32_803 | 34_892 => refused("raw sensor data (colour filter array, DNG)"),
        32_844 | 32_845 => refused("LogLuv colours"),
        other => refused(&format!(
            "colours of kind {other} (PhotometricInterpretation)"
        )),
    }
}

/// Depths below 8 bits are spread over 0 to 255.
fn gray(bits: u32, white_is_zero: bool) -> Colour {
    let largest = (1_u32 << bits) - 1;
    let mut table = [[0; 3]; 256];
    for (value, colour) in (0..=largest).zip(&mut table) {
        let level = if white_is_zero {
            largest - value
        } else {
            value
        };
        *colour = [(level * 255 / largest) as u8; 3];
    }
    Colour::Table(Box::new(table))
}

/// A colour map holds 16 bits a colour: first all reds, then all greens, then all blues.
fn palette(directory: &Directory<'_>, bits: u32) -> Result<Colour, PictureProblem> {
    let map = directory
        .numbers(tag::COLOR_MAP)?
        .ok_or_else(|| damaged("the tag ColorMap is missing"))?;
    let colours = 1 << bits;
    if map.len() != 3 * colours {
        return Err(damaged(format!(
            "ColorMap holds {} values, not {}",
            map.len(),
            3 * colours
        )));
    }
    // Old writers store 8 bits; such a map would be black otherwise.
    let shift = if map.iter().all(|&value| value < 256) {
        0
    } else {
        8
    };
    let level = |index: usize| (map[index] >> shift) as u8;
    let mut table = [[0; 3]; 256];
    for (value, colour) in table.iter_mut().take(colours).enumerate() {
        *colour = [0, 1, 2].map(|channel| level(channel * colours + value));
    }
    Ok(Colour::Table(Box::new(table)))
}
