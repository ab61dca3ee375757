//! The memory bank C: one mean feature per position, optionally clustered
//! (METHOD.md, section 5).

use cfa_runtime::Cancellation;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tch::{Kind, TchError, Tensor, no_grad};

use crate::interruption::{Interrupted, go_on};

/// Limit of Lloyd's iterations (METHOD.md, section 5).
const MAX_ITERATIONS: usize = 3000;
/// Clusterings that are tried; the tightest is kept.
pub const RESTARTS: usize = 10;

/// Why mean features could not be clustered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusteringError {
    /// libtorch refused an operation.
    #[error("libtorch: {0}")]
    Torch(#[from] TchError),
    /// The work was stopped.
    #[error("{0}")]
    Interrupted(#[from] Interrupted),
}

/// Mean of φ per position over all training images, each image weighing the same
/// (the reference weighs batches, METHOD.md, difference 10).
#[derive(Debug, Default)]
pub struct MeanFeatures {
    sum: Option<Tensor>,
    images: i64,
}

impl MeanFeatures {
    /// Adds φ (N×D×h×w) of one batch; accumulated in f64.
    ///
    /// # Errors
    /// Batches of different shapes, or memory that runs out.
    pub fn add(&mut self, phi: &Tensor) -> Result<(), TchError> {
        no_grad(|| {
            let batch = phi
                .f_to_kind(Kind::Double)?
                .f_sum_dim_intlist(0_i64, false, None)?;
            self.sum = Some(match self.sum.take() {
                Some(sum) => sum.f_add(&batch)?,
                None => batch,
            });
            self.images += phi.size4()?.0;
            Ok(())
        })
    }

    /// The mean as one row per position: (h·w)×D, f32.
    ///
    /// # Errors
    /// Nothing was added.
    pub fn rows(&self) -> Result<Tensor, TchError> {
        let sum = self
            .sum
            .as_ref()
            .ok_or_else(|| TchError::Shape("no training images".into()))?;
        let (d, h, w) = sum.size3()?;
        let mean = sum
            .f_div_scalar(self.images as f64)?
            .f_to_kind(Kind::Float)?;
        mean.f_reshape([d, h * w])?
            .f_transpose(0, 1)?
            .f_contiguous()
    }
}

/// Number of entries for `positions` mean features: floor(h·w / `gamma_c`).
#[must_use]
pub fn entries(positions: usize, gamma_c: usize) -> usize {
    positions / gamma_c.max(1)
}

/// Reduces mean features (P×D) to floor(P / `gamma_c`) centroids by k-means with
/// seeded k-means++ starts; unchanged for `gamma_c` = 1. `begun` is told before each of the
/// [`RESTARTS`] clusterings how many are finished. `cancellation` is looked at before every
/// iteration.
///
/// # Errors
/// Memory runs out, or the work was stopped.
pub fn compress(
    rows: &Tensor,
    gamma_c: usize,
    rng: &mut ChaCha8Rng,
    cancellation: &Cancellation,
    begun: &mut dyn FnMut(usize),
) -> Result<Tensor, ClusteringError> {
    if gamma_c <= 1 {
        return Ok(rows.shallow_clone());
    }
    let clusters = entries(rows.size2()?.0 as usize, gamma_c);
    no_grad(|| k_means(rows, clusters, rng, cancellation, begun))
}

/// The tightest of [`RESTARTS`] clusterings.
fn k_means(
    rows: &Tensor,
    clusters: usize,
    rng: &mut ChaCha8Rng,
    cancellation: &Cancellation,
    begun: &mut dyn FnMut(usize),
) -> Result<Tensor, ClusteringError> {
    let mut best: Option<(f64, Tensor)> = None;
    for finished in 0..RESTARTS {
        begun(finished);
        let (inertia, centers) = lloyd(rows, clusters, rng, cancellation)?;
        if best.as_ref().is_none_or(|(least, _)| inertia < *least) {
            best = Some((inertia, centers));
        }
    }
    best.map(|(_, centers)| centers)
        .ok_or_else(|| TchError::Shape("no clustering".into()).into())
}

/// Centres and the sum of squared distances to them.
fn lloyd(
    rows: &Tensor,
    clusters: usize,
    rng: &mut ChaCha8Rng,
    cancellation: &Cancellation,
) -> Result<(f64, Tensor), ClusteringError> {
    let mut centers = plus_plus_start(rows, clusters, rng, cancellation)?;
    let (mut distances, mut labels) = nearest_center(rows, &centers)?;
    for _ in 0..MAX_ITERATIONS {
        go_on(cancellation)?;
        centers = means(rows, &labels, &centers)?;
        let moved = refill_empty(rows, &mut centers, &distances, &labels)?;
        let (next_distances, next) = nearest_center(rows, &centers)?;
        let settled = !moved && next.f_equal(&labels)?;
        (distances, labels) = (next_distances, next);
        if settled {
            break;
        }
    }
    let inertia = distances.f_sum(Kind::Double)?.f_double_value(&[])?;
    Ok((inertia, centers))
}

/// Greedy k-means++ (Arthur and Vassilvitskii 2007): candidates are drawn with a
/// probability proportional to their squared distance from the starts so far, so no
/// row is drawn twice while distinct rows remain; the one that leaves the smallest
/// sum of distances is kept.
fn plus_plus_start(
    rows: &Tensor,
    clusters: usize,
    rng: &mut ChaCha8Rng,
    cancellation: &Cancellation,
) -> Result<Tensor, ClusteringError> {
    let (count, _) = rows.size2()?;
    let trials = 2 + (clusters as f64).ln() as usize;
    let first = rng.random_range(0..count);
    let mut chosen = vec![first];
    let mut nearest = squared_distances(&rows.f_narrow(0, first, 1)?, rows)?.f_get(0)?;
    while chosen.len() < clusters {
        go_on(cancellation)?;
        let candidates = draw(&nearest, trials, rng)?;
        let drawn = rows.f_index_select(0, &candidates.f_to_device(rows.device())?)?;
        let left = squared_distances(&drawn, rows)?.f_minimum(&nearest)?;
        let sums = left.f_sum_dim_intlist(1_i64, false, Kind::Double)?;
        let best = sums.f_argmin(0, false)?.f_int64_value(&[])?;
        nearest = left.f_get(best)?;
        let index = candidates.f_int64_value(&[best])?;
        let _ = nearest.f_get(index)?.f_zero_()?;
        chosen.push(index);
    }
    let chosen = Tensor::f_from_slice(&chosen)?.f_to_device(rows.device())?;
    Ok(rows.f_index_select(0, &chosen)?)
}

/// Indices drawn with a probability proportional to their weight.
fn draw(weights: &Tensor, count: usize, rng: &mut ChaCha8Rng) -> Result<Tensor, TchError> {
    let cumulative: Vec<f64> = Vec::try_from(&weights.f_cumsum(0, Kind::Double)?)?;
    let total = *cumulative
        .last()
        .ok_or_else(|| TchError::Shape("there is no row to draw from".into()))?;
    let indices: Vec<i64> = (0..count)
        .map(|_| {
            let target = rng.random::<f64>() * total;
            cumulative
                .partition_point(|&c| c <= target)
                .min(cumulative.len() - 1) as i64
        })
        .collect();
    Tensor::f_from_slice(&indices)
}

/// Squared distances of `some` rows (T×D) to all `rows` (P×D), T×P, up to rounding.
fn squared_distances(some: &Tensor, rows: &Tensor) -> Result<Tensor, TchError> {
    let norms = |x: &Tensor| x.f_square()?.f_sum_dim_intlist(1_i64, false, None);
    let product = some.f_matmul(&rows.f_transpose(0, 1)?)?.f_mul_scalar(2.0)?;
    let sums = norms(some)?.f_unsqueeze(1)?.f_add(&norms(rows)?)?;
    sums.f_sub(&product)?.f_clamp_min(0.0)
}

/// Squared distance (up to rounding) and index of the nearest centre of each row.
fn nearest_center(rows: &Tensor, centers: &Tensor) -> Result<(Tensor, Tensor), TchError> {
    squared_distances(rows, centers)?.f_min_dim(1, false)
}

/// Mean of the rows of each cluster; an empty cluster keeps its old centre.
fn means(rows: &Tensor, labels: &Tensor, old: &Tensor) -> Result<Tensor, TchError> {
    let (clusters, _) = old.size2()?;
    let sums = old.f_zeros_like()?.f_to_kind(Kind::Double)?;
    let sums = sums.f_index_add(0, labels, &rows.f_to_kind(Kind::Double)?)?;
    let counts = labels
        .f_bincount(None::<&Tensor>, clusters)?
        .f_unsqueeze(1)?;
    let mean = sums
        .f_div(&counts.f_clamp_min(1)?)?
        .f_to_kind(Kind::Float)?;
    mean.f_where_self(&counts.f_gt(0)?, old)
}

/// Moves the centres of empty clusters onto the rows farthest from their own
/// centres; says whether there was any.
fn refill_empty(
    rows: &Tensor,
    centers: &mut Tensor,
    distances: &Tensor,
    labels: &Tensor,
) -> Result<bool, TchError> {
    let (clusters, _) = centers.size2()?;
    let counts = labels.f_bincount(None::<&Tensor>, clusters)?;
    let empty = counts.f_eq(0)?.f_nonzero()?.f_reshape([-1])?;
    let missing = empty.size1()?;
    if missing == 0 {
        return Ok(false);
    }
    // Rows on top of their centre (distance 0) would only make duplicates.
    let (farthest, index) = distances.f_topk(missing, 0, true, true)?;
    let worth = farthest.f_gt(0.0)?.f_nonzero()?.f_reshape([-1])?;
    let count = worth.size1()?;
    let (empty, index) = (empty.f_narrow(0, 0, count)?, index.f_narrow(0, 0, count)?);
    *centers = centers.f_index_copy(0, &empty, &rows.f_index_select(0, &index)?)?;
    Ok(count > 0)
}

#[cfg(test)]
mod tests;
