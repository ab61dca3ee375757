//! SHA-256 digests, as bytes and as text.

use std::fmt::Write;

use sha2::{Digest, Sha256};

pub(super) const DIGEST_BYTES: usize = 32;

pub(super) fn sha256(data: &[u8]) -> [u8; DIGEST_BYTES] {
    Sha256::digest(data).into()
}

pub(crate) fn sha256_hex(data: &[u8]) -> String {
    sha256(data).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether a text is a digest as [`sha256_hex`] writes it.
pub(super) fn is_sha256_hex(text: &str) -> bool {
    text.len() == 2 * DIGEST_BYTES
        && text
            .bytes()
            .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}
