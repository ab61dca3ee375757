//! The names that the reference implementation has for parts of the method.
//!
//! They are here so that a reader who knows the reference finds them, and so that the tests
//! compare the same steps. Training and inspection use the rest of [`crate::cfa`].

use cfa_runtime::preprocess::Size;
use tch::{TchError, Tensor};

use super::loss::{CfaLoss, LossValue};
use super::model::{CfaModel, ModelError, Scored};
use super::neighbors::rows;
use crate::network::PooledMaps;

/// The kind of pictures that a model sees while it learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LearningType {
    /// Good pictures alone.
    OneClass,
}

/// The output of the model.
#[derive(Debug)]
pub enum CfaOutput {
    /// When training: squared distances of every patch to every entry, N×P×M.
    Distances(Tensor),
    /// When evaluating: scores and anomaly maps.
    Scored(Scored),
}

impl CfaModel {
    /// CFA sees good pictures alone.
    pub const LEARNING_TYPE: LearningType = LearningType::OneClass;

    /// Rows and columns of descriptors, which the reference calls `get_scale`.
    #[must_use]
    pub fn scale(&self) -> Size {
        self.scale
    }

    /// Squared Euclidean distances N×P×M of φ (N×D×h×w) to every entry, never below 0
    /// (the reference's can be: METHOD.md, difference 6); differentiable.
    ///
    /// The training loop and [`score`](Self::score) need the nearest entries alone and
    /// do without this matrix.
    ///
    /// # Errors
    /// There is no memory bank, or memory runs out.
    pub fn compute_distance(&self, phi: &Tensor) -> Result<Tensor, ModelError> {
        let (phi, bank) = (rows(phi)?, self.memory_bank()?);
        let norms = |x: &Tensor| x.f_square()?.f_sum_dim_intlist(-1_i64, false, None);
        let product = phi.f_matmul(&bank.f_transpose(0, 1)?)?;
        let sums = norms(&phi)?.f_unsqueeze(2)?.f_add(&norms(bank)?)?;
        Ok(sums.f_sub(&product.f_mul_scalar(2.0)?)?.f_clamp_min(0.0)?)
    }

    /// Distances when training, scores and maps when evaluating.
    ///
    /// # Errors
    /// There is no memory bank, the map is smaller than the blur, or memory runs out.
    pub fn forward(&self, maps: &PooledMaps, training: bool) -> Result<CfaOutput, ModelError> {
        if training {
            let phi = self.descriptor().forward(maps)?;
            return Ok(CfaOutput::Distances(self.compute_distance(&phi)?));
        }
        Ok(CfaOutput::Scored(self.score(maps)?))
    }
}

impl CfaLoss {
    /// The loss of squared distances N×P×M to all entries, as the reference takes it.
    ///
    /// # Errors
    /// There are fewer distances than the loss looks at, or memory runs out.
    pub fn of_distances(&self, distances: &Tensor) -> Result<LossValue, TchError> {
        let radius = self.constant_radius(distances)?;
        let used = self.entries_at(&radius)?;
        let (nearest, _) = distances.f_topk(used as i64, 2, false, true)?;
        self.value(&radius, used, |k| nearest.f_select(2, k as i64))
    }
}
