use half::{bf16, f16};

/// The layout of one value; always little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    F16,
    Bf16,
    F32,
    F64,
    /// Integers and booleans: their tensors are skipped, their storages must be measured.
    NotFloating {
        bytes: usize,
    },
}

impl Element {
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::F16 | Self::Bf16 => 2,
            Self::F32 => 4,
            Self::F64 => 8,
            Self::NotFloating { bytes } => bytes,
        }
    }

    /// The value in `raw`; `None` for a wrong length or a kind that is skipped.
    pub(super) fn decode(self, raw: &[u8]) -> Option<f32> {
        Some(match self {
            Self::F16 => f16::from_le_bytes(raw.try_into().ok()?).to_f32(),
            Self::Bf16 => bf16::from_le_bytes(raw.try_into().ok()?).to_f32(),
            Self::F32 => f32::from_le_bytes(raw.try_into().ok()?),
            Self::F64 => f64::from_le_bytes(raw.try_into().ok()?) as f32,
            Self::NotFloating { .. } => return None,
        })
    }
}
