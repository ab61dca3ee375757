//! How a network is run, and what goes in and comes out.

use super::providers::ProviderOptions;
use crate::bundle::{Manifest, level_name};
use crate::cfa::head::LevelShape;
use crate::cores::CoreAffinity;

/// An output of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkOutput {
    /// Its name.
    pub name: String,
    /// Its shape without the batch.
    pub shape: [usize; 3],
}

impl NetworkOutput {
    /// The outputs of a bundle's network, the finest level first.
    #[must_use]
    pub fn levels(shapes: &[LevelShape]) -> Vec<Self> {
        let output = |(number, level): (usize, &LevelShape)| Self {
            name: level_name(number),
            shape: [level.height, level.width, level.channels],
        };
        shapes.iter().enumerate().map(output).collect()
    }
}

/// How a network is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkOptions {
    /// Threads for one operation of the network, at least 1.
    pub threads: usize,
    /// Which provider computes the network.
    pub provider: ProviderOptions,
    /// Whether affinities of the network's threads may be set.
    pub core_affinity: CoreAffinity,
    /// Channels, height and width of the input.
    pub input_shape: [usize; 3],
    /// All outputs, in order.
    pub outputs: Vec<NetworkOutput>,
}

impl NetworkOptions {
    /// The options for a bundle's network.
    #[must_use]
    pub fn for_manifest(
        manifest: &Manifest,
        provider: impl Into<ProviderOptions>,
        threads: usize,
    ) -> Self {
        let input = manifest.preprocessing.input_size();
        Self {
            threads,
            provider: provider.into(),
            core_affinity: CoreAffinity::default(),
            input_shape: [3, input.height, input.width],
            outputs: NetworkOutput::levels(&manifest.descriptor.levels),
        }
    }
}
