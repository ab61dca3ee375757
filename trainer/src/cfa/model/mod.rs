//! The method as a model: memory bank, distances, scores (METHOD.md, sections 4 to 9).

mod anomaly_map;
mod error;

use cfa_runtime::Cancellation;
use cfa_runtime::preprocess::Size;
use rand_chacha::ChaCha8Rng;
use tch::{TchError, Tensor, no_grad};

pub use anomaly_map::{AnomalyMapGenerator, Scored, softmin_score};
pub use error::ModelError;

use crate::cfa::descriptor::Descriptor;
use crate::cfa::memory_bank::{ClusteringError, MeanFeatures, compress};
use crate::cfa::neighbors::{rows, smallest_squared_distances};
use crate::network::PooledMaps;

/// Descriptor and memory bank. The frozen backbone is outside: its pooled maps are
/// computed once (see [`crate::training::FeatureExtractor`]).
#[derive(Debug)]
pub struct CfaModel {
    descriptor: Descriptor,
    memory_bank: Option<Tensor>,
    generator: AnomalyMapGenerator,
    /// Rows and columns of descriptors.
    pub(super) scale: Size,
}

impl CfaModel {
    /// A model whose descriptor has `scale` (h×w) positions; without a memory bank.
    #[must_use]
    pub fn new(descriptor: Descriptor, generator: AnomalyMapGenerator, scale: Size) -> Self {
        Self {
            descriptor,
            memory_bank: None,
            generator,
            scale,
        }
    }

    /// The model with a known memory bank, M×D.
    #[must_use]
    pub fn with_memory_bank(self, memory_bank: Tensor) -> Self {
        Self {
            memory_bank: Some(memory_bank),
            ..self
        }
    }

    /// Builds the memory bank: the mean φ of each position over all training pictures,
    /// each weighing the same, reduced to floor(h·w / `gamma_c`) centroids (METHOD.md, section 5).
    /// For `cancellation` and `begun` see [`compress`].
    ///
    /// # Errors
    /// A batch cannot be had, libtorch refuses an operation, or the work was stopped.
    pub fn initialize_centroid<E: From<TchError> + From<ClusteringError>>(
        &mut self,
        batches: impl IntoIterator<Item = Result<PooledMaps, E>>,
        gamma_c: usize,
        rng: &mut ChaCha8Rng,
        cancellation: &Cancellation,
        begun: &mut dyn FnMut(usize),
    ) -> Result<(), E> {
        let mut mean = MeanFeatures::default();
        for maps in batches {
            let maps = maps?;
            mean.add(&no_grad(|| self.descriptor.forward(&maps))?)?;
        }
        self.memory_bank = Some(compress(&mean.rows()?, gamma_c, rng, cancellation, begun)?);
        Ok(())
    }

    /// The descriptor.
    #[must_use]
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// The memory bank, M×D.
    ///
    /// # Errors
    /// The memory bank is not initialised.
    pub fn memory_bank(&self) -> Result<&Tensor, ModelError> {
        self.memory_bank.as_ref().ok_or(ModelError::NoMemoryBank)
    }

    /// Scores and maps, from the K nearest entries alone.
    ///
    /// # Errors
    /// There is no memory bank, the map is smaller than the blur, or memory runs out.
    pub fn score(&self, maps: &PooledMaps) -> Result<Scored, ModelError> {
        let phi = no_grad(|| self.descriptor.forward(maps))?;
        self.score_phi(&phi)
    }

    fn score_phi(&self, phi: &Tensor) -> Result<Scored, ModelError> {
        let bank = self.memory_bank()?;
        let (nearest, _) =
            no_grad(|| smallest_squared_distances(&rows(phi)?, bank, self.generator.neighbors))?;
        self.generator.forward(Some(&nearest), Some(self.scale))
    }
}

#[cfg(test)]
mod tests;
