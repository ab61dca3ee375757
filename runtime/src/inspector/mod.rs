//! A loaded model: pictures in, anomaly maps and scores out.
//!
//! Every picture goes the same way in three stages: `intake` makes rows of the network's input
//! from a [`Source`], `batch` runs the network on them, `finishing` makes map, score and verdict.
//! `single` takes a picture through them at once, `queue` overlaps the stages of many pictures.

mod batch;
mod error;
#[cfg(feature = "fake-network")]
mod fake;
mod finishing;
mod inspection;
mod intake;
mod model;
mod opening;
mod options;
mod pending;
mod placement;
mod queue;
mod single;
mod source;
#[cfg(test)]
mod tests;
mod workers;

use std::path::Path;
use std::sync::Arc;

pub use error::{InspectError, OpenError};
pub(crate) use inspection::ComputedBy;
pub use inspection::{Inspection, Peak, PictureSize, StageTimes};
pub use model::Model;
pub use options::InspectorOptions;
pub use placement::{HeadPlacement, UnknownPlacement};
pub use queue::Inspections;
pub use source::{Held, Source, ToSource};

use crate::bundle::{GoldenRecord, Manifest};
use crate::calibration::DecisionRule;
use crate::network::{Network, OnnxRuntime, Precision, Provider, ProviderRefusal};
use crate::picture::{Picture, PictureError, ReadOptions};
use crate::preprocess::Preprocessing;
use intake::Intake;
use model::LoadedModel;
use workers::Workers;

/// A model ready to inspect pictures.
#[derive(Debug)]
pub struct Inspector {
    model: Arc<LoadedModel>,
    network: Network,
    /// `None` where something else computes the network.
    runtime: Option<OnnxRuntime>,
    workers: Workers,
    head: HeadPlacement,
    batch: usize,
    intake: Arc<Intake>,
    rule: Option<DecisionRule>,
}

impl Inspector {
    /// The settings of the model.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.model.manifest
    }

    /// SHA-256 of the bundle file, in lower-case hexadecimal.
    #[must_use]
    pub fn digest_hex(&self) -> &str {
        &self.model.digest_hex
    }

    /// The thresholds that pictures are judged by.
    #[must_use]
    pub fn rule(&self) -> Option<DecisionRule> {
        self.rule
    }

    /// The recorded pictures and maps, in the order of the manifest's `golden`.
    #[must_use]
    pub fn golden_records(&self) -> &[GoldenRecord] {
        &self.model.golden
    }

    /// What ONNX Runtime has warned of since the last call; see
    /// [`Network::take_warnings`].
    #[must_use]
    pub fn take_warnings(&self) -> Vec<String> {
        self.network.take_warnings()
    }

    /// The provider that computes all of the network, whichever was asked for.
    #[must_use]
    pub fn provider(&self) -> Provider {
        self.network.provider()
    }

    /// Which device of the provider; `None` for the processor.
    #[must_use]
    pub fn device(&self) -> Option<&str> {
        self.network.device()
    }

    /// In how many bits the network is computed.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.network.precision()
    }

    /// The library that computes the network; `None` where a fake computes it in tests.
    #[must_use]
    pub fn library(&self) -> Option<&OnnxRuntime> {
        self.runtime.as_ref()
    }

    /// Where the head is computed.
    #[must_use]
    pub fn head(&self) -> HeadPlacement {
        self.head
    }

    /// How many pictures may go through the network in one run.
    #[must_use]
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// The providers that were asked before the one that computes, and why they do not.
    #[must_use]
    pub fn refusals(&self) -> &[ProviderRefusal] {
        self.network.refusals()
    }

    /// How picture files are read: by the model's rule, within the options' limits.
    #[must_use]
    pub fn reading(&self) -> &ReadOptions {
        &self.intake.reading
    }

    /// From picture to network input: the model's, with the options' white level.
    #[must_use]
    pub fn recipe(&self) -> &Preprocessing {
        &self.intake.recipe
    }

    /// Reads a picture file as [`inspect_path`](Self::inspect_path) does.
    ///
    /// # Errors
    /// The file cannot be read or decoded, or is too large.
    pub fn read_picture(&self, path: &Path) -> Result<Picture, PictureError> {
        Picture::open(path, self.reading())
    }

    /// Threads that the network and the head each compute with.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.workers.count
    }
}
