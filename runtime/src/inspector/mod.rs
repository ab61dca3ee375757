//! A loaded model: pictures in, anomaly maps and scores out.

mod error;
mod inspection;
mod model;

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use ndarray::{Array3, Array4, Axis};
use rayon::{ThreadPool, ThreadPoolBuilder};

pub use error::InspectError;
pub use inspection::{Inspection, Peak, PictureSize, StageTimes};
pub use model::Model;

use crate::bundle::{Bundle, GoldenRecord, Manifest};
use crate::calibration::{DecisionOptions, DecisionRule};
use crate::cancellation::Cancellation;
use crate::head::milliseconds_since;
use crate::network::{Network, NetworkError, NetworkOptions, OnnxRuntime, OpeningWatch, Provider};
use crate::picture::{Limits, Picture};
use model::Settings;

/// How an [`Inspector`] runs.
#[derive(Debug, Clone, Default)]
pub struct InspectorOptions {
    /// Threads for the network and for the head, at least 1; `None` takes as
    /// many as the machine offers.
    pub threads: Option<usize>,
    /// Who computes the network.
    pub provider: Provider,
    /// Which picture files are refused.
    pub limits: Limits,
    /// Thresholds to judge by instead of those of the bundle.
    pub decision: DecisionOptions,
}

/// A model ready to inspect pictures, one at a time.
#[derive(Debug)]
pub struct Inspector {
    settings: Arc<Settings>,
    network: Network,
    pool: ThreadPool,
    limits: Limits,
    rule: Option<DecisionRule>,
}

impl Inspector {
    /// Loads a bundle file and opens its network.
    pub fn open(
        bundle: &Path,
        runtime: &OnnxRuntime,
        options: &InspectorOptions,
    ) -> Result<Self, InspectError> {
        Self::from_bundle(Bundle::open(bundle)?, runtime, options)
    }

    /// Opens the network of a bundle that is already loaded.
    pub fn from_bundle(
        bundle: Bundle,
        runtime: &OnnxRuntime,
        options: &InspectorOptions,
    ) -> Result<Self, InspectError> {
        Self::new(&Model::from_bundle(bundle)?, runtime, options)
    }

    /// Opens the network of a model; the memory bank is shared with the model and
    /// all its other inspectors.
    pub fn new(
        model: &Model,
        runtime: &OnnxRuntime,
        options: &InspectorOptions,
    ) -> Result<Self, InspectError> {
        Self::with_network(model, options, |network| {
            Network::new(runtime, model.network_onnx(), network)
        })
    }

    /// The same with a watch over the opening of the network, which may stop it;
    /// see [`Network::new_watched`].
    pub fn new_watched(
        model: &Model,
        runtime: &OnnxRuntime,
        options: &InspectorOptions,
        watch: &mut OpeningWatch<'_>,
    ) -> Result<Self, InspectError> {
        Self::with_network(model, options, |network| {
            Network::new_watched(runtime, model.network_onnx(), network, watch)
        })
    }

    fn with_network(
        model: &Model,
        options: &InspectorOptions,
        open: impl FnOnce(&NetworkOptions) -> Result<Network, NetworkError>,
    ) -> Result<Self, InspectError> {
        let threads = options.threads.unwrap_or_else(available_threads);
        if threads == 0 {
            return Err(InspectError::NoThreads);
        }
        let rule = model.manifest().calibration.rule_for(&options.decision)?;
        // Before the network, which makes sure of its own threads beside these.
        let pool = ThreadPoolBuilder::new().num_threads(threads).build()?;
        let network = open(&NetworkOptions::of(
            model.manifest(),
            options.provider,
            threads,
        ))?;
        Ok(Self {
            settings: Arc::clone(&model.settings),
            network,
            pool,
            limits: options.limits,
            rule,
        })
    }

    /// The settings of the model.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.settings.manifest
    }

    /// The thresholds that pictures are judged by.
    #[must_use]
    pub fn rule(&self) -> Option<DecisionRule> {
        self.rule
    }

    /// The recorded pictures and maps, in the order of the manifest's `golden`.
    #[must_use]
    pub fn golden_records(&self) -> &[GoldenRecord] {
        &self.settings.golden
    }

    /// What ONNX Runtime has warned of since the last call; see
    /// [`Network::take_warnings`].
    #[must_use]
    pub fn take_warnings(&self) -> Vec<String> {
        self.network.take_warnings()
    }

    /// Inspects a picture file; `decode_ms` covers reading and decoding it.
    pub fn inspect_path(&mut self, path: &Path) -> Result<Inspection, InspectError> {
        let started = Instant::now();
        let picture = Picture::open(path, &self.limits)?;
        self.inspect_decoded(&picture, milliseconds_since(started))
    }

    /// Inspects the bytes of a picture file; `decode_ms` covers decoding them.
    pub fn inspect_bytes(&mut self, encoded: &[u8]) -> Result<Inspection, InspectError> {
        let started = Instant::now();
        let picture = Picture::decode(encoded, &self.limits)?;
        self.inspect_decoded(&picture, milliseconds_since(started))
    }

    /// Inspects a decoded picture, of any size; `decode_ms` is 0.
    ///
    /// The same picture gives the same bits by every way in, and for any number
    /// of threads that the head uses. Features that are not finite are an error.
    pub fn inspect(&mut self, picture: &Picture) -> Result<Inspection, InspectError> {
        self.inspect_decoded(picture, 0.0)
    }

    /// The same, given up with [`InspectError::Cancelled`] when `cancellation` asks
    /// for it.
    pub fn inspect_cancellable(
        &mut self,
        picture: &Picture,
        cancellation: &Cancellation,
    ) -> Result<Inspection, InspectError> {
        self.inspect_unless(picture, 0.0, Some(cancellation))
    }

    /// Who computes the network.
    #[must_use]
    pub fn provider(&self) -> Provider {
        self.network.provider()
    }

    /// Which picture files are refused.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Threads that the network and the head each compute with.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    fn inspect_decoded(
        &mut self,
        picture: &Picture,
        decode_ms: f64,
    ) -> Result<Inspection, InspectError> {
        self.inspect_unless(picture, decode_ms, None)
    }

    fn inspect_unless(
        &mut self,
        picture: &Picture,
        decode_ms: f64,
        cancellation: Option<&Cancellation>,
    ) -> Result<Inspection, InspectError> {
        let cancelled = || cancellation.is_some_and(Cancellation::is_cancelled);
        if cancelled() {
            return Err(InspectError::Cancelled);
        }
        // What a stage says that was stopped in its middle is of no use.
        self.stages(picture, decode_ms, cancellation)
            .map_err(|error| {
                if cancelled() {
                    InspectError::Cancelled
                } else {
                    error
                }
            })
    }

    fn stages(
        &mut self,
        picture: &Picture,
        decode_ms: f64,
        cancellation: Option<&Cancellation>,
    ) -> Result<Inspection, InspectError> {
        let started = Instant::now();
        let preprocessing = &self.settings.manifest.preprocessing;
        let input = preprocessing.apply(picture)?;
        let preprocess_ms = milliseconds_since(started);
        let started = Instant::now();
        let levels = self.levels(input, cancellation)?;
        let network_ms = milliseconds_since(started);
        let levels: Vec<_> = levels
            .iter()
            .map(|level| level.index_axis(Axis(0), 0))
            .collect();
        let (map, head) = self.pool.install(|| {
            let head = &self.settings.head;
            match cancellation {
                Some(cancellation) => head.anomaly_map_unless(&levels, cancellation.flag()),
                None => head.anomaly_map(&levels),
            }
        })?;
        let stages = StageTimes {
            decode_ms,
            preprocess_ms,
            network_ms,
            neighbors_ms: head.neighbors_ms,
            map_ms: head.map_ms,
        };
        let size = PictureSize {
            width_px: picture.width_px(),
            height_px: picture.height_px(),
        };
        let geometry = self
            .settings
            .manifest
            .preprocessing
            .geometry(size.width_px, size.height_px);
        let provider = self.network.provider();
        let inspection = Inspection::new(map, geometry, stages, provider, size);
        Ok(inspection.judged(&self.settings.manifest.calibration, self.rule))
    }

    /// The levels of one normalised picture, each with a batch of one in front.
    fn levels(
        &mut self,
        input: Array3<f32>,
        cancellation: Option<&Cancellation>,
    ) -> Result<Vec<Array4<f32>>, InspectError> {
        let input = input.insert_axis(Axis(0));
        let levels = match cancellation {
            Some(cancellation) => self.network.run_cancellable(&input, cancellation),
            None => self.network.run(&input),
        }?;
        Ok(levels)
    }
}

fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

#[cfg(test)]
mod tests {
    use super::{Inspector, Model};

    /// An inspector may be moved to another thread, for instance behind a mutex.
    #[test]
    fn inspectors_can_be_sent_between_threads() {
        fn assert_send<T: Send>() {}
        assert_send::<Inspector>();
    }

    /// A model is shared by the threads that make inspectors of it.
    #[test]
    fn models_can_be_shared_between_threads() {
        fn assert_shareable<T: Send + Sync>() {}
        assert_shareable::<Model>();
    }
}
