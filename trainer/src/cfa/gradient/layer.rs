//! The trained layer on the host, and the derivatives of the loss by it.

use cfa_runtime::BrokenInvariant;
use cfa_runtime::training_support::cfa::memory_bank::{MemoryBankError, NeighborsError};
use ndarray::{Array1, Array2};

/// The trained layer's values on the host.
#[derive(Debug, Clone)]
pub struct Weights {
    /// D × (C0 + 2).
    pub weight: Array2<f32>,
    /// D.
    pub bias: Vec<f32>,
}

impl Weights {
    /// The last two columns: of the row and of the column coordinate.
    pub(super) fn coordinate_columns(&self) -> [Vec<f32>; 2] {
        let first = self.weight.ncols() - 2;
        [first, first + 1].map(|column| self.weight.column(column).to_vec())
    }
}

/// Derivatives of the loss.
#[derive(Debug, Clone)]
pub struct Slopes {
    /// By the weight, D × (C0 + 2).
    pub weight: Array2<f32>,
    /// By the bias, D.
    pub bias: Array1<f32>,
    /// By the radius.
    pub radius: f64,
}

/// Why a step cannot be computed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GradientError {
    /// The memory bank cannot be searched.
    #[error(transparent)]
    MemoryBank(#[from] MemoryBankError),
    /// The search failed; φ that is not finite among its reasons.
    #[error(transparent)]
    Neighbors(#[from] NeighborsError),
    /// Features or weights have another shape than they were announced with.
    #[error("the features of a picture do not have the shape of the backbone's maps")]
    Shape(#[from] ndarray::ShapeError),
    /// A bug in this code.
    #[error(transparent)]
    Internal(#[from] BrokenInvariant),
}

/// All values of a matrix that was made here, row by row.
pub(super) fn values_of(matrix: &mut Array2<f32>) -> Result<&mut [f32], BrokenInvariant> {
    matrix
        .as_slice_mut()
        .ok_or(BrokenInvariant("a matrix of the gradient lies row by row"))
}
