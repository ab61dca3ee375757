//! BMP files: refuses by name what the decoder does not read, or reads unlike other readers.

use image::ImageFormat;

use super::{Picture, PictureProblem, ReadOptions, general};

const PIXELS_AT: usize = 10;
const HEADER_BYTES_AT: usize = 14;
const WIDTH_AT: usize = 18;
const HEIGHT_AT: usize = 22;
const COMPRESSION_AT: usize = 30;
/// Headers of OS/2 1.x: they know no compression.
const CORE_HEADER_BYTES: u32 = 12;

pub(super) fn decode(encoded: &[u8], options: &ReadOptions) -> Result<Picture, PictureProblem> {
    match unread_kind(encoded) {
        Some(kind) => Err(PictureProblem::UnsupportedFormat {
            format: format!("BMP ({kind})"),
        }),
        None => general::decode(encoded, ImageFormat::Bmp, options),
    }
}

fn unread_kind(encoded: &[u8]) -> Option<&'static str> {
    match number(encoded, HEADER_BYTES_AT)? {
        CORE_HEADER_BYTES => return None,
        16 | 64 => return Some("with an OS/2 2.x header"),
        _ => {}
    }
    match number(encoded, COMPRESSION_AT)? {
        0 | 3 => None,
        1 | 2 => leaves_out_pixels(encoded)?.then_some("whose run-length code leaves out pixels"),
        4 => Some("with a JPEG inside"),
        5 => Some("with a PNG inside"),
        6 => Some("with alpha bit fields"),
        11..=13 => Some("with CMYK colours"),
        _ => Some("with an unknown compression"),
    }
}

/// Pixels that a run-length code jumps over have no colour of their own: readers show them black,
/// or in the first colour of the palette.
fn leaves_out_pixels(encoded: &[u8]) -> Option<bool> {
    let four_bits = number(encoded, COMPRESSION_AT)? == 2;
    let (width, height) = (number(encoded, WIDTH_AT)?, number(encoded, HEIGHT_AT)?);
    let mut code = encoded.get(number(encoded, PIXELS_AT)? as usize..)?;
    let (mut column, mut row) = (0, 0);
    while let [count, what, rest @ ..] = code {
        code = rest;
        match (*count, *what) {
            (0, 0) if column < width => return Some(true),
            (0, 0) => (column, row) = (0, row + 1),
            (0, 1) => return Some(row < height && (row + 1 < height || column < width)),
            (0, 2) => return Some(true),
            (0, literals) => {
                let bytes = usize::from(if four_bits {
                    literals.div_ceil(2)
                } else {
                    literals
                });
                code = code.get(bytes.next_multiple_of(2)..).unwrap_or_default();
                column += u32::from(literals);
            }
            (repeats, _) => column += u32::from(repeats),
        }
    }
    Some(false)
}

fn number(encoded: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*encoded.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::picture::Samples;

    const SIDE_PX: u32 = 16;

    /// A 16×16 picture of 8 bits a pixel, with a palette in which colour `n` is gray `255 - n`.
    fn bmp(header_bytes: u32, compression: u32, code: &[u8]) -> Vec<u8> {
        let palette: Vec<u8> = (0..=255)
            .rev()
            .flat_map(|level| [level, level, level, 0])
            .collect();
        let pixels_at = 14 + header_bytes + palette.len() as u32;
        let numbers = [
            header_bytes,
            SIDE_PX,
            SIDE_PX,
            1 | 8 << 16,
            compression,
            code.len() as u32,
        ];
        let mut header: Vec<u8> = numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        header.resize(header_bytes as usize, 0);
        let start = [b"BM".as_slice(), &[0; 8], &pixels_at.to_le_bytes()].concat();
        [&start, &header, &palette, code].concat()
    }

    fn decoded(file: &[u8]) -> Result<Picture, PictureProblem> {
        decode(file, &ReadOptions::default())
    }

    /// Rows of eight pixels of colour 9 and eight literals, each with an end of row.
    fn rows(count: u32) -> Vec<u8> {
        let row = [8, 9, 0, 8, 0, 1, 2, 3, 4, 5, 6, 7, 0, 0];
        row.repeat(count as usize)
    }

    #[test]
    fn a_run_length_code_of_all_pixels_is_read() {
        for end in [&[0, 1][..], &[]] {
            let picture = decoded(&bmp(40, 1, &[&rows(16)[..], end].concat())).unwrap();
            let Samples::Eight(samples) = picture.samples() else {
                unreachable!("BMP holds 8 bits a sample");
            };
            let row: Vec<_> = samples[..48].iter().step_by(3).copied().collect();
            let literals = [255, 254, 253, 252, 251, 250, 249, 248];
            assert_eq!(row, [[246; 8], literals].concat());
        }
    }

    #[test]
    fn a_run_length_code_that_leaves_out_pixels_is_refused() {
        let jump = [&[0, 2, 3, 0, 13, 9, 0, 0][..], &rows(15), &[0, 1]].concat();
        let short_row = [&[15, 9, 0, 0][..], &rows(15), &[0, 1]].concat();
        let early_end = [&rows(15)[..], &[15, 9, 0, 1]].concat();
        for code in [jump, short_row, early_end] {
            let problem = decoded(&bmp(40, 1, &code)).unwrap_err().to_string();
            assert!(problem.contains("leaves out pixels"), "{problem}");
        }
    }

    #[test]
    fn what_is_not_read_is_refused_by_name() {
        let says = |header_bytes, compression| {
            let file = bmp(header_bytes, compression, &[0; 256]);
            decoded(&file).unwrap_err().to_string()
        };
        for (header_bytes, compression, words) in [
            (64, 0, "OS/2 2.x"),
            (40, 4, "a JPEG inside"),
            (40, 5, "a PNG inside"),
            (40, 6, "alpha bit fields"),
            (40, 11, "CMYK"),
            (40, 99, "unknown compression"),
        ] {
            let message = says(header_bytes, compression);
            assert!(message.contains(words), "{message}");
        }
    }
}
