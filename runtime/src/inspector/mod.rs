//! A loaded model: pictures in, anomaly maps and scores out.

mod error;
mod inspection;

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Instant;

use ndarray::{Array3, Axis};
use rayon::{ThreadPool, ThreadPoolBuilder};

pub use error::InspectError;
pub use inspection::{Inspection, Peak, PictureSize, StageTimes};

use crate::anomaly_map::GaussianBlur;
use crate::bundle::{Bundle, BundleParts, GoldenRecord, Manifest};
use crate::calibration::{DecisionOptions, DecisionRule};
use crate::head::{Head, milliseconds_since};
use crate::memory_bank::MemoryBank;
use crate::network::{Network, NetworkOptions, OnnxRuntime, Provider};
use crate::picture::{Limits, Picture};
use crate::preprocess::Size;

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
    manifest: Manifest,
    golden: Vec<GoldenRecord>,
    network: Network,
    head: Head,
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
        let BundleParts {
            manifest,
            network_onnx,
            memory_bank,
            golden,
        } = bundle.into_parts();
        let threads = options.threads.unwrap_or_else(available_threads);
        if threads == 0 {
            return Err(InspectError::NoThreads);
        }
        let head = head(&manifest, MemoryBank::new(memory_bank)?)?;
        let input = manifest.preprocessing.input_size();
        let network_options = NetworkOptions {
            threads,
            provider: options.provider,
            input_shape: [3, input.height, input.width],
            feature_shape: head.feature_shape(),
        };
        Ok(Self {
            network: Network::new(runtime, &network_onnx, &network_options)?,
            pool: ThreadPoolBuilder::new().num_threads(threads).build()?,
            limits: options.limits,
            rule: manifest.calibration.rule_for(&options.decision)?,
            manifest,
            golden,
            head,
        })
    }

    /// The settings of the model.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The thresholds that pictures are judged by.
    #[must_use]
    pub fn rule(&self) -> Option<DecisionRule> {
        self.rule
    }

    /// The recorded pictures and maps, in the order of the manifest's `golden`.
    #[must_use]
    pub fn golden_records(&self) -> &[GoldenRecord] {
        &self.golden
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

    fn inspect_decoded(
        &mut self,
        picture: &Picture,
        decode_ms: f64,
    ) -> Result<Inspection, InspectError> {
        let started = Instant::now();
        let input = self.manifest.preprocessing.apply(picture)?;
        let preprocess_ms = milliseconds_since(started);
        let started = Instant::now();
        let features = self.features(input)?;
        let network_ms = milliseconds_since(started);
        let (map, head) = self.pool.install(|| self.head.anomaly_map(&features))?;
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
            .manifest
            .preprocessing
            .geometry(size.width_px, size.height_px);
        let provider = self.network.provider();
        let inspection = Inspection::new(map, geometry, stages, provider, size);
        Ok(inspection.judged(&self.manifest.calibration, self.rule))
    }

    /// Descriptors `D × h × w` of one normalised picture.
    fn features(&mut self, input: Array3<f32>) -> Result<Array3<f32>, InspectError> {
        let features = self.network.run(&input.insert_axis(Axis(0)))?;
        Ok(features.index_axis_move(Axis(0), 0))
    }
}

fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

fn head(manifest: &Manifest, bank: MemoryBank) -> Result<Head, InspectError> {
    let (descriptor, map) = (&manifest.descriptor, &manifest.anomaly_map);
    let feature_size = Size {
        height: descriptor.feature_height,
        width: descriptor.feature_width,
    };
    let map_size = Size {
        height: map.height,
        width: map.width,
    };
    let blur = GaussianBlur::new(map.sigma, map.border)?;
    Ok(Head::new(
        bank,
        manifest.score.neighbors,
        feature_size,
        map_size,
        blur,
    )?)
}

#[cfg(test)]
mod tests {
    use super::Inspector;

    /// An inspector may be moved to another thread, for instance behind a mutex.
    #[test]
    fn inspectors_can_be_sent_between_threads() {
        fn assert_send<T: Send>() {}
        assert_send::<Inspector>();
    }
}
