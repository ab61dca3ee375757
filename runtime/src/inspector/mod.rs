//! A loaded model: pictures in, anomaly maps and scores out.

mod batch;
mod error;
mod inspection;
mod intake;
mod model;
mod pipeline;
mod placement;
mod stages;
#[cfg(feature = "fake-network")]
mod stand_in;

use std::num::{NonZeroU16, NonZeroUsize};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

pub use error::InspectError;
pub(crate) use inspection::ComputedBy;
pub use inspection::{Inspection, Peak, PictureSize, StageTimes};
pub use model::Model;
pub use pipeline::Inspections;
pub use placement::{HeadPlacement, UnknownPlacement};

use crate::bundle::{Bundle, GoldenRecord, Manifest, NetworkFile};
use crate::calibration::{DecisionOptions, DecisionRule};
use crate::cancellation::Cancellation;
use crate::cfa::head::milliseconds_since;
use crate::cores::Helpers;
use crate::network::{
    LARGEST_BATCH, Network, NetworkError, NetworkOptions, OnnxRuntime, OpeningWatch, Precision,
    Provider, ProviderOptions, ProviderRefusal,
};
use crate::picture::{DamageRule, Limits, Picture, PictureError, ReadOptions};
use crate::preprocess::Preprocessing;
use crate::process::Threaded;
use intake::Intake;
use model::Settings;

/// How an [`Inspector`] runs.
#[derive(Debug, Clone, Default)]
pub struct InspectorOptions {
    /// Threads for the network and as many for the head, at least 1; `None` takes as
    /// many as the machine offers. They work at the same time in
    /// [`Inspector::inspect_each`].
    pub threads: Option<usize>,
    /// Who is to compute the network.
    pub provider: ProviderOptions,
    /// Who is to compute what follows the network.
    pub head: HeadPlacement,
    /// How many pictures may go through the network in one run of
    /// [`Inspector::inspect_each`], up to [`LARGEST_BATCH`]; `None` is one.
    pub batch: Option<usize>,
    /// Which picture files are refused.
    pub limits: Limits,
    /// Whether damaged picture files are refused.
    pub damage: DamageRule,
    /// Whether an [`Inspection`] holds the picture that it was computed from, for example to
    /// draw an overlay. A picture takes 3 or 6 bytes a pixel, and
    /// [`Inspector::inspect_each`] works on several.
    pub keep_pictures: bool,
    /// The 16-bit sample that is white, instead of the model's; 65535 is the full range.
    pub white_level: Option<NonZeroU16>,
    /// Thresholds to judge by instead of those of the bundle.
    pub decision: DecisionOptions,
}

/// A model ready to inspect pictures.
#[derive(Debug)]
pub struct Inspector {
    settings: Arc<Settings>,
    network: Network,
    pool: Threaded<Arc<ThreadPool>>,
    threads: usize,
    /// The threads of the pool.
    helpers: Helpers,
    head: HeadPlacement,
    batch: usize,
    intake: Arc<Intake>,
    rule: Option<DecisionRule>,
}

impl Inspector {
    /// Loads a bundle file and opens its network.
    pub fn open(
        bundle: &Path,
        runtime: &OnnxRuntime,
        options: &InspectorOptions,
    ) -> Result<Self, InspectError> {
        Self::new(&Model::open(bundle)?, runtime, options)
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
        Self::with_network(model, options, |file, network| {
            Network::open(runtime, file, network, None)
        })
    }

    /// The same with a watch over the opening of the network, because that may take minutes
    /// where a provider compiles it: `watch` is called at once and then several times a
    /// second, on the calling thread, with the time since the start. When it answers
    /// `Break`, the opening ends with [`NetworkError::OpeningStopped`], as soon as the
    /// provider comes to a point where it can.
    pub fn new_watched(
        model: &Model,
        runtime: &OnnxRuntime,
        options: &InspectorOptions,
        watch: &mut OpeningWatch<'_>,
    ) -> Result<Self, InspectError> {
        Self::with_network(model, options, |file, network| {
            Network::open(runtime, file, network, Some(watch))
        })
    }

    fn with_network(
        model: &Model,
        options: &InspectorOptions,
        open: impl FnOnce(&NetworkFile, &NetworkOptions) -> Result<Network, NetworkError>,
    ) -> Result<Self, InspectError> {
        let threads = options.threads.unwrap_or_else(available_threads);
        if threads == 0 {
            return Err(InspectError::NoThreads);
        }
        let batch = options.batch.unwrap_or(1);
        if !(1..=LARGEST_BATCH).contains(&batch) {
            return Err(InspectError::Batch { asked: batch });
        }
        let rule = model.manifest().calibration.rule_for(&options.decision)?;
        // Before the network, which makes sure of its own threads beside these.
        let helpers = Helpers::default();
        let pool = pool(threads, &helpers)?;
        let head = options.head;
        let (file, network) = head.network(model, options.provider.clone(), threads)?;
        let network = open(&file, &network)?;
        Ok(Self {
            settings: Arc::clone(&model.settings),
            network,
            pool: Threaded::new(Arc::new(pool)),
            threads,
            helpers,
            head,
            batch,
            intake: Arc::new(Intake::new(&model.manifest().preprocessing, options)),
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
        let picture = self.read_picture(path)?;
        self.inspect_owned(picture, milliseconds_since(started))
    }

    /// Inspects the bytes of a picture file; `decode_ms` covers decoding them.
    pub fn inspect_bytes(&mut self, encoded: &[u8]) -> Result<Inspection, InspectError> {
        let started = Instant::now();
        let picture = Picture::decode(encoded, self.reading())?;
        self.inspect_owned(picture, milliseconds_since(started))
    }

    /// Inspects a decoded picture, of any size; `decode_ms` is 0. The inspection holds no
    /// copy of the picture.
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

    /// Who computes the network: all of it, whoever was asked for.
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
        self.threads
    }

    fn inspect_decoded(
        &mut self,
        picture: &Picture,
        decode_ms: f64,
    ) -> Result<Inspection, InspectError> {
        self.inspect_unless(picture, decode_ms, None)
    }

    fn inspect_owned(
        &mut self,
        picture: Picture,
        decode_ms: f64,
    ) -> Result<Inspection, InspectError> {
        let inspection = self.inspect_decoded(&picture, decode_ms)?;
        Ok(Inspection {
            picture: self.intake.keep_pictures.then(|| Arc::new(picture)),
            ..inspection
        })
    }

    fn inspect_unless(
        &mut self,
        picture: &Picture,
        decode_ms: f64,
        cancellation: Option<&Cancellation>,
    ) -> Result<Inspection, InspectError> {
        let pool = self.pool()?;
        let cancelled = || cancellation.is_some_and(Cancellation::is_cancelled);
        if cancelled() {
            return Err(InspectError::Cancelled);
        }
        // What a stage says that was stopped in its middle is of no use.
        self.stages(&pool, picture, decode_ms, cancellation)
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
        pool: &ThreadPool,
        picture: &Picture,
        decode_ms: f64,
        cancellation: Option<&Cancellation>,
    ) -> Result<Inspection, InspectError> {
        let settings = Arc::clone(&self.settings);
        let prepared = pool.install(|| self.intake.prepare(picture, decode_ms))?;
        let described = self.describe(prepared, cancellation)?;
        let rule = self.rule;
        self.helpers.keep_off_this_core();
        settings.finish(&described, rule, cancellation, Some(pool))
    }

    /// The threads of the head, in the process that they were started in.
    fn pool(&self) -> Result<Arc<ThreadPool>, InspectError> {
        Ok(Arc::clone(self.pool.here()?))
    }
}

/// Work of [`Inspector::inspect_each`] that panics becomes an error of its picture.
fn pool(threads: usize, helpers: &Helpers) -> Result<ThreadPool, ThreadPoolBuildError> {
    let (begins, ends) = (helpers.clone(), helpers.clone());
    ThreadPoolBuilder::new()
        .num_threads(threads)
        .start_handler(move |_number| begins.join())
        .exit_handler(move |_number| ends.leave())
        .panic_handler(|_payload| {})
        .build()
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
