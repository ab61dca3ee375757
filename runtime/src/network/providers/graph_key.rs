//! Which optimised network is which: one for each network, ONNX Runtime and kind of processor.

use std::path::Path;

use super::engine_key::{KEY_DIGITS, identity};
use super::processor_instructions;
use crate::bundle::sha256_hex;

/// To be counted up when the files of a kept network change.
const LAYOUT: &str = "layout 1";

/// Hexadecimal digits for what an optimised network depends on.
pub(super) fn of(network_sha256_hex: &str, onnx_runtime: &Path) -> String {
    let library = identity(onnx_runtime).unwrap_or_default();
    let processor = processor();
    let parts = [LAYOUT, network_sha256_hex, &library, &processor];
    let mut key = sha256_hex(parts.join("\n").as_bytes());
    key.truncate(KEY_DIGITS);
    key
}

/// What weights are laid out for: ONNX Runtime chooses by the instructions that there are.
fn processor() -> String {
    format!(
        "{} {}",
        std::env::consts::ARCH,
        processor_instructions().join(" ")
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]
    use std::fs;

    use super::*;

    #[test]
    fn network_and_library_count() {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("libonnxruntime.so");
        fs::write(&library, "a").unwrap();
        let key = of("a network", &library);
        assert_eq!(key.len(), KEY_DIGITS);
        assert_eq!(of("a network", &library), key);
        assert_ne!(of("another", &library), key);
        fs::write(&library, "another version").unwrap();
        assert_ne!(of("a network", &library), key);
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn the_processor_is_described() {
        assert!(processor().starts_with("x86_64 sse4.1"), "{}", processor());
    }
}
