//! SHA-256 digests, as bytes and as text.

use std::fmt::Write;
use std::io::{self, Read};

use sha2::{Digest, Sha256};

pub(super) const DIGEST_BYTES: usize = 32;

const BLOCK_BYTES: usize = 1 << 18;

pub(super) fn sha256(data: &[u8]) -> [u8; DIGEST_BYTES] {
    Sha256::digest(data).into()
}

pub(crate) fn sha256_hex(data: &[u8]) -> String {
    hexadecimal(&sha256(data))
}

/// The digest of all that is left to read, without holding it in memory.
pub(crate) fn sha256_hex_of(source: &mut impl Read) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        match source.read(&mut block)? {
            0 => return Ok(hexadecimal(&hasher.finalize())),
            read => hasher.update(&block[..read]),
        }
    }
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().fold(String::new(), |mut text, byte| {
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
