//! JPEG files.
//!
//! The decoder fills the missing rows of a JPEG that was cut short with gray
//! and reports success. Here that would be inspected as if the camera had seen
//! it, so the end-of-image marker is looked for first.

use image::ImageFormat;

use super::{Picture, PictureProblem, ReadOptions, general};

const START_OF_IMAGE_BYTES: usize = 2;
const END_OF_IMAGE: u8 = 0xD9;
/// Temporary and restart markers: no length field follows them.
const STANDALONE: [std::ops::RangeInclusive<u8>; 2] = [0x01..=0x01, 0xD0..=0xD7];

pub(super) fn decode(encoded: &[u8], options: &ReadOptions) -> Result<Picture, PictureProblem> {
    if !is_complete(encoded) {
        return Err(PictureProblem::CutShort);
    }
    general::decode(encoded, ImageFormat::Jpeg, options)
}

/// Follows the marker segments (ITU T.81, annex B) up to the end-of-image marker.
///
/// Embedded thumbnails lie inside a segment and are stepped over with it.
fn is_complete(encoded: &[u8]) -> bool {
    let mut rest = encoded.get(START_OF_IMAGE_BYTES..).unwrap_or_default();
    while let Some((marker, after)) = next_marker(rest) {
        if marker == END_OF_IMAGE {
            return true;
        }
        rest = if STANDALONE.iter().any(|range| range.contains(&marker)) {
            after
        } else {
            after_segment(after).unwrap_or_default()
        };
    }
    false
}

/// The next marker and what follows it. Skips entropy-coded data, in which
/// `FF 00` stands for a data byte `FF`, and fill bytes.
fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let start = bytes
        .windows(2)
        .position(|pair| matches!(pair, [0xFF, marker] if !matches!(marker, 0x00 | 0xFF)))?;
    let (&marker, after) = bytes.get(start + 1..)?.split_first()?;
    Some((marker, after))
}

/// What follows a segment whose two-byte length, itself included, comes first.
fn after_segment(bytes: &[u8]) -> Option<&[u8]> {
    let length = u16::from_be_bytes(*bytes.first_chunk()?);
    bytes.get(usize::from(length)..)
}
