//! In how many bits a provider computes.

use std::fmt;

/// In how many bits a provider computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precision {
    /// Full `f32`.
    F32,
    /// `f32`, but factors may be rounded to the 10 bits of TF32 before they are multiplied.
    Tf32,
    /// Whatever the device prefers: `f16`, `bf16` or `f32`.
    Reduced,
}

impl Precision {
    /// The name in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Tf32 => "tf32",
            Self::Reduced => "reduced",
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
