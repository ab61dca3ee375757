//! How a network is run, and what goes in and comes out.

use super::provider_options::ProviderOptions;
use crate::cores::CoreAffinity;
use crate::signature::NetworkOutput;

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
