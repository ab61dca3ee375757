//! From a model to an inspector.

use std::path::Path;
use std::sync::Arc;

use super::intake::Intake;
use super::workers::Workers;
use super::{HeadPlacement, Inspector, InspectorOptions, Model, OpenError};
use crate::bundle::Bundle;
use crate::cfa::onnx::with_head;
use crate::container::NetworkFile;
use crate::network::{
    LARGEST_BATCH, Network, NetworkError, NetworkOptions, OnnxRuntime, OpeningWatch,
};

impl Inspector {
    /// Loads a bundle file and opens its network.
    pub fn open(
        bundle: &Path,
        runtime: &OnnxRuntime,
        options: &InspectorOptions,
    ) -> Result<Self, OpenError> {
        Self::new(&Model::open(bundle)?, runtime, options)
    }

    /// Opens the network of a bundle that is already loaded.
    pub fn from_bundle(
        bundle: Bundle,
        runtime: &OnnxRuntime,
        options: &InspectorOptions,
    ) -> Result<Self, OpenError> {
        Self::new(&Model::from_bundle(bundle)?, runtime, options)
    }

    /// Opens the network of a model; the memory bank is shared with the model and
    /// all its other inspectors.
    pub fn new(
        model: &Model,
        runtime: &OnnxRuntime,
        options: &InspectorOptions,
    ) -> Result<Self, OpenError> {
        Self::with_network(model, options, Some(runtime), |file, network| {
            Network::open(runtime, file, network, None)
        })
    }

    /// Opens the network of a model under a watch, because that may take minutes where a
    /// provider compiles it.
    ///
    /// `watch` is called at once and then several times a second, on the calling thread, with
    /// the time since the start. When it answers `Break`, the opening ends with
    /// [`NetworkError::OpeningStopped`], as soon as the provider comes to a point where it can.
    pub fn new_watched(
        model: &Model,
        runtime: &OnnxRuntime,
        options: &InspectorOptions,
        watch: &mut OpeningWatch<'_>,
    ) -> Result<Self, OpenError> {
        Self::with_network(model, options, Some(runtime), |file, network| {
            Network::open(runtime, file, network, Some(watch))
        })
    }

    pub(super) fn with_network(
        model: &Model,
        options: &InspectorOptions,
        runtime: Option<&OnnxRuntime>,
        open: impl FnOnce(&NetworkFile, &NetworkOptions) -> Result<Network, NetworkError>,
    ) -> Result<Self, OpenError> {
        let batch = options.batch.unwrap_or(1);
        if !(1..=LARGEST_BATCH).contains(&batch) {
            return Err(OpenError::Batch { asked: batch });
        }
        let rule = model.manifest().calibration.rule_for(&options.decision)?;
        // Before the network, which makes sure of its own threads beside these.
        let workers = Workers::start(options.threads, options.core_affinity)?;
        let head = options.head;
        let (file, network) = network(model, options, workers.count)?;
        Ok(Self {
            model: Arc::clone(&model.loaded),
            network: open(&file, &network)?,
            runtime: runtime.cloned(),
            workers,
            head,
            batch,
            intake: Arc::new(Intake::new(&model.manifest().preprocessing, options)),
            rule,
        })
    }
}

/// The network to open, and its options.
fn network(
    model: &Model,
    options: &InspectorOptions,
    threads: usize,
) -> Result<(NetworkFile, NetworkOptions), OpenError> {
    let mut network = model
        .manifest()
        .network_options(options.provider.clone(), threads);
    network.core_affinity = options.core_affinity;
    let onnx = match options.head {
        HeadPlacement::Host => model.network().clone(),
        HeadPlacement::Graph => {
            let (onnx, map) = with_head(&model.network().bytes()?, model.head())?;
            network.outputs = vec![map];
            onnx.into()
        }
    };
    Ok((onnx, network))
}
