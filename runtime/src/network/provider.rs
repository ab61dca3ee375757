//! Who computes the network.

use std::fmt;
use std::str::FromStr;

/// An execution provider: the part of ONNX Runtime that computes the network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Provider {
    /// The processor, in `f32`.
    #[default]
    Cpu,
}

/// A provider name that is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no execution provider {name:?}; known: cpu")]
pub struct UnknownProvider {
    /// The name given.
    pub name: String,
}

impl Provider {
    /// The name on the command line and in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "cpu" => Ok(Self::Cpu),
            _ => Err(UnknownProvider {
                name: name.to_owned(),
            }),
        }
    }
}
