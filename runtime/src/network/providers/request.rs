//! What is asked of the providers, and what comes of it.

use ort::session::Session;

use super::precision::Precision;
use super::refusal::ProviderRefusal;
use crate::container::NetworkFile;
use crate::cores::{CoreAffinity, Helpers};
use crate::network::onnx_runtime::OnnxRuntime;
use crate::network::provider::Provider;
use crate::network::provider_options::ProviderOptions;
use crate::network::warnings::Warnings;

/// What is opened, and how.
#[derive(Debug, Clone, Copy)]
pub(in crate::network) struct Request<'a> {
    pub(in crate::network) runtime: &'a OnnxRuntime,
    pub(in crate::network) network: &'a NetworkFile,
    pub(in crate::network) threads: usize,
    pub(in crate::network) core_affinity: CoreAffinity,
    pub(in crate::network) input_shape: [usize; 3],
    pub(in crate::network) provider: &'a ProviderOptions,
}

/// A session, and which provider computes it.
#[derive(Debug)]
pub(in crate::network) struct Opened {
    pub(in crate::network) session: Session,
    pub(in crate::network) warnings: Warnings,
    /// ONNX Runtime's threads beside the calling one.
    pub(in crate::network) helpers: Helpers,
    pub(in crate::network) selected: SelectedProvider,
}

/// The provider that computes a network.
#[derive(Debug)]
pub(in crate::network) struct SelectedProvider {
    pub(in crate::network) provider: Provider,
    pub(in crate::network) device: Option<String>,
    pub(in crate::network) precision: Precision,
    /// Why the providers that were asked before do not compute it.
    pub(in crate::network) refusals: Vec<ProviderRefusal>,
}
