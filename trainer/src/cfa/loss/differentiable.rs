//! The loss as libtorch computes and differentiates it.

use tch::{Kind, TchError, Tensor, no_grad};

use super::hypersphere::{ALPHA, CfaLoss, NU};
use crate::cfa::neighbors::{nearest, squared_distance};

/// A loss with its two parts, before the factor 1/ν.
#[derive(Debug)]
pub struct LossValue {
    /// 1/ν · (attraction + repulsion), differentiable.
    pub total: Tensor,
    /// Mean hinge over the K attracting entries.
    pub attraction: Tensor,
    /// Mean hinge over the J repelling entries.
    pub repulsion: Tensor,
}

impl CfaLoss {
    /// The loss of `rows` (N×P×D) against `bank` (M×D). Gradients flow through
    /// the selected entries' distances alone.
    ///
    /// # Errors
    /// K + J exceeds the bank's entries, or memory runs out.
    pub fn forward(&self, rows: &Tensor, bank: &Tensor) -> Result<LossValue, TchError> {
        self.forward_with_radius(rows, bank, &self.constant_radius(rows)?)
    }

    /// The loss with a radius (one value) that may be trained, instead of `self.radius`.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn forward_with_radius(
        &self,
        rows: &Tensor,
        bank: &Tensor,
        radius: &Tensor,
    ) -> Result<LossValue, TchError> {
        let used = self.entries_at(radius)?;
        let index = nearest(rows, bank, used)?;
        self.value(radius, used, |k| {
            squared_distance(rows, bank, &index.f_select(2, k as i64)?)
        })
    }

    pub(in crate::cfa) fn constant_radius(&self, like: &Tensor) -> Result<Tensor, TchError> {
        Tensor::f_from_slice(&[self.radius as f32])?.f_to_device(like.device())
    }

    /// Entries that the loss depends on at this radius.
    pub(in crate::cfa) fn entries_at(&self, radius: &Tensor) -> Result<usize, TchError> {
        let repels = self.repels_at(radius.f_double_value(&[0])?);
        Ok(if repels {
            self.entries()
        } else {
            self.neighbors
        })
    }

    /// The loss from the squared distances N×P to the k-th nearest entries, k < `used`.
    pub(in crate::cfa) fn value(
        &self,
        radius: &Tensor,
        used: usize,
        distance: impl Fn(usize) -> Result<Tensor, TchError>,
    ) -> Result<LossValue, TchError> {
        let squared_radius = radius.f_square()?;
        let attraction =
            mean_hinge((0..self.neighbors).map(|k| distance(k)?.f_sub(&squared_radius)))?;
        let repulsion = if used > self.neighbors {
            let reach = squared_radius.f_sub_scalar(ALPHA)?;
            mean_hinge((self.neighbors..used).map(|k| distance(k)?.f_neg()?.f_add(&reach)))?
        } else {
            no_grad(|| Tensor::f_zeros([], (Kind::Float, radius.device())))?
        };
        let total = attraction.f_add(&repulsion)?.f_mul_scalar(1.0 / NU)?;
        Ok(LossValue {
            total,
            attraction,
            repulsion,
        })
    }
}

/// Mean of max(0, x) over equally large tensors.
fn mean_hinge(
    terms: impl ExactSizeIterator<Item = Result<Tensor, TchError>>,
) -> Result<Tensor, TchError> {
    let count = terms.len() as f64;
    let mut sum: Option<Tensor> = None;
    for term in terms {
        let mean = term?.f_relu()?.f_mean(Kind::Float)?;
        sum = Some(match sum {
            Some(sum) => sum.f_add(&mean)?,
            None => mean,
        });
    }
    let sum = sum.ok_or_else(|| TchError::Shape("a loss needs at least one neighbour".into()))?;
    sum.f_div_scalar(count)
}
