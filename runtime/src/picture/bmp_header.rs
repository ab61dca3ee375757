//! Kinds of BMP files that are not read, by the fields of their header.

use super::PictureProblem;

const HEADER_BYTES_AT: usize = 14;
const COMPRESSION_AT: usize = 30;

/// Refuses these kinds, because the decoder would report some of them as damaged.
pub(super) fn refuse_unread(encoded: &[u8]) -> Result<(), PictureProblem> {
    match unread_kind(encoded) {
        None => Ok(()),
        Some(kind) => Err(PictureProblem::UnsupportedFormat {
            format: format!("BMP ({kind})"),
        }),
    }
}

fn unread_kind(encoded: &[u8]) -> Option<&'static str> {
    match number(encoded, HEADER_BYTES_AT)? {
        // OS/2 1.x, which knows no compression.
        12 => return None,
        16 | 64 => return Some("with an OS/2 2.x header"),
        _ => {}
    }
    match number(encoded, COMPRESSION_AT)? {
        0..=3 => None,
        4 => Some("with a JPEG inside"),
        5 => Some("with a PNG inside"),
        6 => Some("with alpha bit fields"),
        11..=13 => Some("with CMYK colours"),
        _ => Some("with an unknown compression"),
    }
}

fn number(encoded: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*encoded.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn header(header_bytes: u32, compression: u32) -> Vec<u8> {
        let mut file = vec![0; 64];
        file[HEADER_BYTES_AT..][..4].copy_from_slice(&header_bytes.to_le_bytes());
        file[COMPRESSION_AT..][..4].copy_from_slice(&compression.to_le_bytes());
        file
    }

    #[test]
    fn what_is_not_read_is_refused_by_name() {
        for (header_bytes, compression, words) in [
            (64, 0, "OS/2 2.x"),
            (40, 4, "a JPEG inside"),
            (40, 5, "a PNG inside"),
            (40, 6, "alpha bit fields"),
            (40, 11, "CMYK"),
            (40, 99, "unknown compression"),
        ] {
            let problem = refuse_unread(&header(header_bytes, compression));
            let message = problem.unwrap_err().to_string();
            assert!(message.contains(words), "{message}");
        }
        for (header_bytes, compression) in [(12, 99), (40, 0), (124, 3), (40, 1), (40, 2)] {
            assert!(refuse_unread(&header(header_bytes, compression)).is_ok());
        }
    }
}
