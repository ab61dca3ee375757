//! The principal axes of the bank: the directions in which its entries differ most.

use tch::{Kind, TchError, Tensor, no_grad};

use crate::tensor::host_values;

/// Leading axes of a bank.
#[derive(Debug, Clone)]
pub struct PrincipalAxes {
    /// Mean of the entries: D values.
    pub mean: Vec<f32>,
    /// Row-major count × D, orthonormal, the largest spread first.
    pub axes: Vec<f32>,
    /// How many there are.
    pub count: usize,
}

impl PrincipalAxes {
    /// The first `count` axes, at most D, of `bank` (M×D): eigenvectors of the entries'
    /// covariance, in f64.
    ///
    /// # Errors
    /// Memory runs out, or the decomposition does not converge.
    pub fn of(bank: &Tensor, count: usize) -> Result<Self, TchError> {
        no_grad(|| {
            let (_, channels) = bank.size2()?;
            let count = (count as i64).min(channels);
            let bank = bank.f_to_kind(Kind::Double)?;
            let mean = bank.f_mean_dim(0_i64, true, None)?;
            let centred = bank.f_sub(&mean)?;
            let covariance = centred.f_transpose(0, 1)?.f_matmul(&centred)?;
            let (_, vectors) = covariance.f_linalg_eigh("L")?;
            // Columns, the smallest eigenvalue first.
            let leading = vectors.f_narrow(1, channels - count, count)?;
            let axes = leading.f_flip([1])?.f_transpose(0, 1)?;
            Ok(Self {
                mean: host_values(&mean)?,
                axes: host_values(&axes)?,
                count: count as usize,
            })
        })
    }
}
