//! Which optimised network is which: one for each network, ONNX Runtime and kind of processor.

use super::processor_instructions;
use crate::bundle::sha256_hex;
use crate::network::providers::tensorrt::engine_key::KEY_DIGITS;

/// To be counted up when the files of a kept network, or their folder, change.
const LAYOUT: &str = "layout 2";

/// Hexadecimal digits for what an optimised network depends on. `library` is the identity of
/// the loaded ONNX Runtime.
pub(in crate::network) fn of(network_sha256_hex: &str, library: &str) -> String {
    let processor = processor();
    let parts = [LAYOUT, network_sha256_hex, library, &processor];
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
    use super::*;

    #[test]
    fn network_and_library_count() {
        let key = of("a network", "a library");
        assert_eq!(key.len(), KEY_DIGITS);
        assert_eq!(of("a network", "a library"), key);
        assert_ne!(of("another", "a library"), key);
        assert_ne!(of("a network", "another"), key);
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn the_processor_is_described() {
        assert!(processor().starts_with("x86_64 sse4.1"), "{}", processor());
    }
}
