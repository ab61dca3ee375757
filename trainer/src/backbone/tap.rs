//! The places in a network where features are taken.

use serde::{Deserialize, Serialize};

use crate::network::Op;

/// A feature map that the method reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Tap {
    /// Name of the layer in the publisher's code.
    pub layer: &'static str,
    /// Channels.
    pub channels: usize,
    /// Input pixels per position.
    pub stride: usize,
}

/// The activation of the tapped maps; the network behind a tap is not touched
/// (METHOD.md, difference 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TapActivation {
    /// The map as the network itself passes it on, as in torchvision and anomalib:
    /// behind a ReLU in `ResNet` and VGG, linear where blocks end linearly
    /// (`MobileNet`, `EfficientNet`).
    #[default]
    Relu,
    /// The official code's: LeakyReLU of slope 0.01 on all three maps whatever the
    /// network. In `ResNet` it takes the place of the tap's own ReLU; it changes
    /// nothing in VGG, whose taps are never negative, and in the others the
    /// negative half of the linear maps shrinks.
    LeakyRelu,
}

impl TapActivation {
    /// Slope of negative values in the official code.
    const SLOPE: f32 = 0.01;

    /// What is done to the map that the network passes on.
    pub(super) fn op(self) -> Option<Op> {
        match self {
            Self::Relu => None,
            Self::LeakyRelu => Some(Op::LeakyRelu { slope: Self::SLOPE }),
        }
    }
}

/// Neither of the two names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not an activation of the taps; use relu or leaky-relu")]
pub struct UnknownTapActivation(String);

impl std::str::FromStr for TapActivation {
    type Err = UnknownTapActivation;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "relu" => Ok(Self::Relu),
            "leaky-relu" => Ok(Self::LeakyRelu),
            _ => Err(UnknownTapActivation(text.to_owned())),
        }
    }
}

impl std::fmt::Display for TapActivation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Relu => "relu",
            Self::LeakyRelu => "leaky-relu",
        })
    }
}
