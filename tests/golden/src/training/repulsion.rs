//! The references' repulsion starts at index J instead of K (METHOD.md, difference 12).

use std::ops::Range;

use anyhow::Result;
use cfa_train::cfa::loss::CfaLoss;
use cfa_train::cfa::neighbors::{nearest, squared_distance};
use tch::{Kind, Tensor};

/// METHOD.md, section 1.
pub(super) const ALPHA: f64 = 0.1;

/// Whether the references' slice makes a difference.
pub(super) fn deviates(loss: &CfaLoss) -> bool {
    loss.neighbors != loss.hard_negatives && loss.can_repel()
}

/// Which of the nearest entries attract and which repel, by the references' rule.
#[derive(Debug, Clone)]
pub(super) struct Ranks {
    pub(super) attracted: Range<usize>,
    /// Empty where no entry can repel.
    pub(super) repelled: Range<usize>,
}

impl Ranks {
    pub(super) fn new(loss: &CfaLoss) -> Self {
        let (k, j) = (loss.neighbors, loss.hard_negatives);
        Self {
            attracted: 0..k,
            repelled: if loss.can_repel() { j..j + k } else { 0..0 },
        }
    }

    /// Entries that the loss looks at.
    pub(super) fn end(&self) -> usize {
        self.attracted.end.max(self.repelled.end)
    }

    /// Share of an attracting entry in the mean over them.
    pub(super) fn attracted_share(&self) -> f64 {
        1.0 / self.attracted.len().max(1) as f64
    }

    /// Share of a repelling entry in the mean over them.
    pub(super) fn repelled_share(&self) -> f64 {
        1.0 / self.repelled.len().max(1) as f64
    }

    /// What the squared distance of the entry of a rank is multiplied with in the loss of
    /// one patch, before the factor 1/ν.
    pub(super) fn slope(&self, rank: usize, squared_distance: f64, radius: f64) -> f64 {
        let reach = radius.powi(2);
        let mut slope = 0.0;
        if self.attracted.contains(&rank) && squared_distance > reach {
            slope += self.attracted_share();
        }
        if self.repelled.contains(&rank) && squared_distance < reach - ALPHA {
            slope -= self.repelled_share();
        }
        slope
    }
}

/// The references' slice over our own distances, with a radius of one value.
pub(super) fn loss_by_the_references_rule(
    loss: &CfaLoss,
    rows: &Tensor,
    bank: &Tensor,
    radius: &Tensor,
) -> Result<Tensor> {
    let index = nearest(rows, bank, loss.entries())?;
    let distances = (0..loss.entries() as i64)
        .map(|k| squared_distance(rows, bank, &index.f_select(2, k)?))
        .collect::<Result<Vec<_>, _>>()?;
    let distances = Tensor::f_stack(&distances, 2)?;
    let squared_radius = radius.f_square()?;
    let (k, j) = (loss.neighbors as i64, loss.hard_negatives as i64);
    let attracted = distances.f_narrow(2, 0, k)?.f_sub(&squared_radius)?;
    let reach = squared_radius.f_sub_scalar(ALPHA)?;
    let repelled = distances.f_narrow(2, j, k)?.f_neg()?.f_add(&reach)?;
    let mean = |x: Tensor| x.f_relu()?.f_mean(Kind::Float);
    Ok(mean(attracted)?
        .f_add(&mean(repelled)?)?
        .f_mul_scalar(1e3)?)
}
