//! Where the head is computed.

use std::fmt;
use std::str::FromStr;

use super::{InspectorOptions, Model, OpenError};
use crate::cfa::onnx::with_head;
use crate::container::NetworkFile;
use crate::network::NetworkOptions;

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

    /// The network to open, and its options.
    pub(super) fn network(
        self,
        model: &Model,
        options: &InspectorOptions,
        threads: usize,
    ) -> Result<(NetworkFile, NetworkOptions), OpenError> {
        let mut network = model
            .manifest()
            .network_options(options.provider.clone(), threads);
        network.core_affinity = options.core_affinity;
        let onnx = match self {
            Self::Host => model.network().clone(),
            Self::Graph => {
                let (onnx, map) = with_head(&model.network().bytes()?, model.head())?;
                network.outputs = vec![map];
                onnx.into()
            }
        };
        Ok((onnx, network))
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
