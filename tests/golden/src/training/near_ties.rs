//! Patches whose K-th and next entry are nearly as far away: which of them a reference
//! takes is decided by the rounding of |φ|² + |c|² − 2φ·c.

use anyhow::Result;
use cfa_train::neighbors::{nearest, squared_distance};
use cfa_train::tensor::host_values;
use tch::{Kind, Tensor, no_grad};

/// Rounding of a sum of three terms of the size of |φ|² + |c|², each itself a sum: a few
/// units in the last place.
const ROUNDING: f64 = 4.0 * f32::EPSILON as f64;
/// More near ties than this are no longer an explanation.
const MOST: usize = 64;

/// How far each parameter's gradient may be off when the reference chose the other entry
/// for any of the near ties: a bound on the largest absolute difference.
pub(super) fn gradient_bounds(
    rows: &Tensor,
    bank: &Tensor,
    neighbors: usize,
    parameters: &[&Tensor],
) -> Result<Vec<f64>> {
    let index = nearest(rows, bank, neighbors + 1)?;
    let (last, next) = (neighbors as i64 - 1, neighbors as i64);
    let to = |k: i64| squared_distance(rows, bank, &index.f_select(2, k)?);
    let swing = to(next)?.f_sub(&to(last)?)?.f_flatten(0, -1)?;
    let noise = no_grad(|| {
        let norms = rows.f_square()?.f_sum_dim_intlist(2_i64, false, None)?;
        norms.f_mul_scalar(2.0 * ROUNDING)?.f_flatten(0, -1)
    })?;
    let near = swing.f_detach()?.f_le_tensor(&noise)?.f_nonzero()?;
    let near: Vec<i64> = Vec::try_from(near.f_flatten(0, -1)?)?;
    let mut bounds = vec![0.0; parameters.len()];
    let share = 1e3 / (swing.size1()? * neighbors as i64) as f64;
    for &position in near.iter().take(MOST) {
        let change = swing.f_get(position)?.f_mul_scalar(share)?;
        let gradients = Tensor::f_run_backward(&[change], parameters, true, false)?;
        for (bound, gradient) in bounds.iter_mut().zip(gradients) {
            *bound +=
                f64::from(host_values(&gradient.f_abs()?.f_max()?.f_to_kind(Kind::Float)?)?[0]);
        }
    }
    Ok(bounds)
}
