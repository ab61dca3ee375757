//! The bundle of this product: a CFA model in its container.
//!
//! This is where the file format and the method come together; `docs/BUNDLE.md` describes
//! both. A second method would be a second set of these types.

use crate::container;
use crate::cores::CoreAffinity;
use crate::network::{NetworkOptions, ProviderOptions};

pub use crate::cfa::{
    AnomalyMapSettings, CfaSettings, CfaTensors, DescriptorShape, MemoryBankShape, ScoreSettings,
};
pub use crate::container::{
    BackboneIdentity, BundleError, BundleProblem, GoldenRecord, GoldenSample, HeatmapRange, Method,
    NetworkPrecision, Part, PartType, write_bundle,
};

/// A checked bundle of a CFA model.
pub type Bundle = container::Bundle<CfaSettings>;

/// What a bundle of a CFA model is made of.
pub type BundleParts = container::BundleParts<CfaSettings>;

/// The manifest of a CFA model.
pub type Manifest = container::Manifest<CfaSettings>;

impl Manifest {
    /// How the network of this model is run: its input and its outputs.
    #[must_use]
    pub fn network_options(
        &self,
        provider: impl Into<ProviderOptions>,
        threads: usize,
    ) -> NetworkOptions {
        let input = self.preprocessing.input_size();
        NetworkOptions {
            threads,
            provider: provider.into(),
            core_affinity: CoreAffinity::default(),
            input_shape: [3, input.height, input.width],
            outputs: self.settings.network_outputs(),
        }
    }
}
