//! The references' repulsion starts at index J instead of K (DIFFERENCES 12).

use anyhow::Result;
use cfa_train::loss::CfaLoss;
use cfa_train::neighbors::{nearest, squared_distance};
use tch::{Kind, Tensor};

/// SPEC 1.
const ALPHA: f64 = 0.1;

/// Whether the references' slice makes a difference.
pub(super) fn deviates(loss: &CfaLoss) -> bool {
    loss.neighbors != loss.hard_negatives && loss.can_repel()
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
