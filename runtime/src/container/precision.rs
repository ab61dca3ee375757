//! The number format that the network computes in.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Format of the backbone's weights, and of its products where the provider has them.
/// The descriptor, the memory bank and all that follows stay in `f32`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NetworkPrecision {
    /// 32-bit floating point, as it was trained.
    #[default]
    F32,
    /// Weights stored as 16-bit floating point; half the file, the same arithmetic on CPUs.
    Fp16,
    /// 8-bit integers with scales found on training pictures.
    Int8,
}

impl NetworkPrecision {
    /// The word in manifests, options and results: `f32`, `fp16` or `int8`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Fp16 => "fp16",
            Self::Int8 => "int8",
        }
    }
}

impl fmt::Display for NetworkPrecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]
    use super::NetworkPrecision;

    #[test]
    fn the_word_in_manifests_is_the_name() {
        use NetworkPrecision::{F32, Fp16, Int8};
        for precision in [F32, Fp16, Int8] {
            let word = serde_json::to_value(precision).unwrap();
            assert_eq!(word, precision.name());
            let read: NetworkPrecision = serde_json::from_value(word).unwrap();
            assert_eq!(read, precision);
        }
        assert!(serde_json::from_str::<NetworkPrecision>("\"int4\"").is_err());
        assert_eq!(NetworkPrecision::default(), F32);
    }
}
