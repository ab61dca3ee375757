//! The key of an optimised network: there is one for each network, ONNX Runtime and kind of
//! processor.

use super::processor_instructions;
use crate::network::store::StoreKey;

/// It is counted up when the files of an optimised network, or their folder, change.
const LAYOUT: &str = "layout 2";

/// The key of everything that an optimised network depends on. `library` is the identity of
/// the loaded ONNX Runtime.
pub(super) fn key(network_sha256_hex: &str, library: &str) -> StoreKey {
    StoreKey::from_parts(&[LAYOUT, network_sha256_hex, library, &processor()])
}

/// The processor, for which ONNX Runtime lays out the weights: it chooses by the instructions
/// that the processor has.
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
        let first = key("a network", "a library");
        assert_eq!(key("a network", "a library"), first);
        assert_ne!(key("another", "a library"), first);
        assert_ne!(key("a network", "another"), first);
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn the_processor_is_described() {
        assert!(processor().starts_with("x86_64 sse4.1"), "{}", processor());
    }
}
