//! Where the head is computed.

use std::fmt;
use std::str::FromStr;

/// Where the head is computed, which follows the network: distances, scores and map.
///
/// The results agree to within the rounding of the provider's products. `docs/PROVIDERS.md`
/// says what that means for near ties and reduced precision, and which place is faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum HeadPlacement {
    /// On the processor, by this library, with a search that looks at few centroids.
    #[default]
    Host,
    /// By the provider, as part of the network's graph, with a product for all centroids.
    Graph,
}

impl HeadPlacement {
    /// The name in options and results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Graph => "graph",
        }
    }
}

impl fmt::Display for HeadPlacement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for HeadPlacement {
    type Err = UnknownPlacement;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "host" => Ok(Self::Host),
            "graph" => Ok(Self::Graph),
            _ => Err(UnknownPlacement(name.to_owned())),
        }
    }
}

/// The name of no place for the head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the head cannot be computed in {0:?}; choose host or graph")]
pub struct UnknownPlacement(pub String);
