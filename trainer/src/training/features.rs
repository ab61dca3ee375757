//! Pooled backbone features, computed once: the backbone is frozen and pictures
//! are not augmented, so they are the same in every epoch.

use std::path::PathBuf;

use cfa_runtime::Cancellation;
use cfa_runtime::picture::{Limits, Picture};
use cfa_runtime::preprocess::Preprocessing;
use rayon::prelude::*;
use tch::{Device, TchError, Tensor, no_grad};

use super::feature_store::FeatureStore;
use super::settings::CheckedSettings;
use crate::backbone::weights::Weights;
use crate::error::TrainError;
use crate::events::{FitEvent, FitObserver};
use crate::interruption::go_on;
use crate::network::{PooledMaps, TorchNetwork};
use crate::tensor;

/// Pictures that go through the backbone at once, when they are small.
const LARGEST_BATCH: usize = 8;
/// Values that a batch holds at once; only the settings decide, never the memory that
/// happens to be free, because another batch may round differently.
const BATCH_VALUES: usize = 64 << 20;

/// Frozen backbone and 3×3 pooling.
#[derive(Debug)]
pub struct FeatureExtractor {
    network: TorchNetwork,
    preprocessing: Preprocessing,
    device: Device,
}

impl FeatureExtractor {
    /// Loads the backbone of `settings`.
    ///
    /// # Errors
    /// The weights lack a tensor, or the device's memory runs out.
    pub fn new(
        settings: &CheckedSettings,
        weights: &Weights,
        device: Device,
    ) -> Result<Self, TrainError> {
        let graph = settings.pooled_graph();
        Ok(Self {
            network: TorchNetwork::new(graph, &weights.tensors, device)?,
            preprocessing: settings.preprocessing().clone(),
            device,
        })
    }

    /// Where it computes.
    #[must_use]
    pub fn device(&self) -> Device {
        self.device
    }

    /// Pooled maps of normalised pictures (N×3×H×W), without gradient.
    ///
    /// # Errors
    /// Memory runs out.
    pub fn pooled(&self, pictures: &Tensor) -> Result<PooledMaps, TchError> {
        let maps = no_grad(|| self.network.forward(&[pictures.f_to_device(self.device)?]))?;
        maps.try_into()
            .map_err(|_| TchError::Shape("the backbone has not three taps".into()))
    }

    /// Pooled maps of decoded pictures.
    ///
    /// # Errors
    /// A picture cannot be resized, or memory runs out.
    pub fn pooled_of_pictures(&self, pictures: &[Picture]) -> Result<PooledMaps, TrainError> {
        let preprocessing = &self.preprocessing;
        let inputs: Vec<Vec<f32>> = pictures
            .par_iter()
            .map(|picture| Ok(preprocessing.apply(picture)?.into_iter().collect()))
            .collect::<Result<_, TrainError>>()?;
        let size = self.preprocessing.input_size();
        let shape = [pictures.len(), 3, size.height, size.width];
        Ok(self.pooled(&tensor::from_values(&inputs.concat(), &shape)?)?)
    }
}

/// Pictures that go through the backbone at once.
pub(super) fn batch_size(settings: &CheckedSettings) -> Result<usize, TrainError> {
    let live = settings.live_values()?;
    Ok((BATCH_VALUES / live.max(1)).clamp(1, LARGEST_BATCH))
}

/// Adds the features of all pictures to an empty `store`.
pub(crate) fn extract(
    store: &mut FeatureStore,
    settings: &CheckedSettings,
    extractor: &FeatureExtractor,
    (pictures, limits): (&[PathBuf], Limits),
    observer: &mut dyn FitObserver,
    cancellation: &Cancellation,
) -> Result<(), TrainError> {
    store.reserve(pictures.len());
    let reading = settings.preprocessing().reading(limits);
    for batch in pictures.chunks(batch_size(settings)?) {
        go_on(cancellation)?;
        let decoded = batch
            .par_iter()
            .map(|path| Ok(Picture::open(path, &reading)?))
            .collect::<Result<Vec<_>, TrainError>>()?;
        let pooled = extractor
            .pooled_of_pictures(&decoded)
            .map_err(|error| name_unprepared(error, batch, &decoded, settings))?;
        store.push(&pooled)?;
        observer.event(&FitEvent::Features {
            done: store.len(),
            pictures: pictures.len(),
        });
    }
    Ok(())
}

/// Names the picture of a batch that cannot be prepared.
fn name_unprepared(
    error: TrainError,
    paths: &[PathBuf],
    pictures: &[Picture],
    settings: &CheckedSettings,
) -> TrainError {
    let TrainError::Preprocess(source) = error else {
        return error;
    };
    let prepared = pictures
        .iter()
        .map(|picture| settings.preprocessing().apply(picture));
    let failed = prepared.zip(paths).find(|(prepared, _)| prepared.is_err());
    match failed {
        Some((_, path)) => TrainError::Unprepared {
            path: path.clone(),
            source,
        },
        None => source.into(),
    }
}
