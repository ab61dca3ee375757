//! Places of the EXIF data in a file.
//!
//! Only lengths are followed, so this does not depend on whether the pixels can be decoded.
//! A file that ends too early has nothing left: the empty slices here are deliberate.

/// The beginning of EXIF data in JPEG; some writers put it into PNG and WebP as well.
const PREFIX: &[u8] = b"Exif\0\0";

const JPEG_START_BYTES: usize = 2;
const JPEG_APP1: u8 = 0xE1;
/// Start of scan, and end of image: EXIF data come before.
const JPEG_LAST: [u8; 2] = [0xDA, 0xD9];
const PNG_START_BYTES: usize = 8;
const PNG_CHECKSUM_BYTES: usize = 4;
const RIFF_START_BYTES: usize = 12;

/// The EXIF data of a JPEG's APP1 segments.
pub(super) fn of_jpeg(encoded: &[u8]) -> Vec<&[u8]> {
    let mut rest = encoded.get(JPEG_START_BYTES..).unwrap_or(&[]);
    let mut found = Vec::new();
    while let Some((marker, segment, after)) = jpeg_segment(rest) {
        if JPEG_LAST.contains(&marker) {
            break;
        }
        if marker == JPEG_APP1 {
            found.extend(segment.strip_prefix(PREFIX));
        }
        rest = after;
    }
    found
}

/// A marker, its segment, and what follows; fill bytes may stand before the marker.
fn jpeg_segment(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let fill = bytes.iter().take_while(|&&byte| byte == 0xFF).count();
    let (&marker, after) = bytes.get(fill..)?.split_first()?;
    let length = usize::from(u16::from_be_bytes(*after.first_chunk()?));
    let segment = after.get(2..length).filter(|_| fill > 0)?;
    Some((marker, segment, after.get(length..)?))
}

/// The data of a PNG's `eXIf` chunks, before or after the pixels.
pub(super) fn of_png(encoded: &[u8]) -> Vec<&[u8]> {
    let mut rest = encoded.get(PNG_START_BYTES..).unwrap_or(&[]);
    let mut found = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk() {
        let length = u32::from_be_bytes(*length) as usize;
        let Some((name, data, after)) = named_chunk(after, length) else {
            break;
        };
        if name == b"eXIf" {
            found.push(without_prefix(data));
        }
        rest = after.get(PNG_CHECKSUM_BYTES..).unwrap_or(&[]);
    }
    found
}

/// The data of a WebP file's `EXIF` chunks.
pub(super) fn of_webp(encoded: &[u8]) -> Vec<&[u8]> {
    let mut rest = encoded.get(RIFF_START_BYTES..).unwrap_or(&[]);
    let mut found = Vec::new();
    while let Some((header, after)) = rest.split_first_chunk::<8>() {
        let [a, b, c, d, length @ ..] = *header;
        let length = u32::from_le_bytes(length) as usize;
        let Some(data) = after.get(..length) else {
            break;
        };
        if [a, b, c, d] == *b"EXIF" {
            found.push(without_prefix(data));
        }
        // Chunks of odd length are filled up.
        rest = after.get(length + length % 2..).unwrap_or(&[]);
    }
    found
}

/// Name and data of a chunk, and what follows.
fn named_chunk(bytes: &[u8], length: usize) -> Option<(&[u8; 4], &[u8], &[u8])> {
    let (name, after) = bytes.split_first_chunk()?;
    let (data, after) = after.split_at_checked(length)?;
    Some((name, data, after))
}

fn without_prefix(data: &[u8]) -> &[u8] {
    data.strip_prefix(PREFIX).unwrap_or(data)
}
