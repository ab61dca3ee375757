//! How many axes make a search cheapest, by counting on descriptors of good pictures.

use cfa_runtime::training_support::cfa::memory_bank::BoundingAxes;
use tch::{Kind, TchError, Tensor};

use super::principal::{PrincipalAxes, on_host};
use crate::cfa::descriptor::DescriptorShape;
use crate::cfa::neighbors::smallest_squared_distances;

/// Axes that are tried for the first bound and for the second.
const FIRST: [usize; 8] = [4, 8, 12, 16, 24, 32, 48, 64];
const SECOND: [usize; 8] = [16, 32, 48, 64, 96, 128, 192, 256];
/// Descriptors that are counted on.
const MOST_SAMPLES: i64 = 1024;
/// How many more centroids the bounds leave in a picture with defects than in the good
/// ones that are counted on: two to three times as many (measured on bottles, `ResNet-18`).
const WITH_DEFECTS: f64 = 3.0;
/// Values that a processor with AVX-512 handles in one instruction.
const LANES: f64 = 16.0;

/// Descriptors to count on, and what one more leading channel costs.
#[derive(Debug)]
pub struct Samples {
    /// One a row: P×D.
    pub descriptors: Tensor,
    /// K.
    pub neighbors: usize,
    /// The descriptor's shape, whose finest map has every position, the next one every
    /// fourth and the last every sixteenth, as in nearly all backbones.
    pub shape: DescriptorShape,
}

/// The numbers of axes for which a search costs least, on average over the samples.
///
/// # Errors
/// Memory runs out.
pub fn cheapest_axes(
    samples: &Samples,
    bank: &Tensor,
    principal: &PrincipalAxes,
) -> Result<BoundingAxes, TchError> {
    let bank = on_host(bank)?;
    let rows = thinned(&on_host(&samples.descriptors)?)?;
    let (centroids, channels) = bank.size2()?;
    let most = SECOND[SECOND.len() - 1].min(channels as usize);
    let turned = |points: &Tensor| Turned::new(points, principal, most);
    let (rows_turned, bank_turned) = (turned(&rows)?, turned(&bank)?);
    let limit = kth_distance(&rows, &bank, samples.neighbors)?;
    let left = |axes: usize| rows_turned.left_of(&bank_turned, axes, &limit);
    let possible = |axes: &&usize| **axes <= most;
    let first = FIRST
        .iter()
        .filter(possible)
        .map(|&axes| Ok((axes, left(axes)?)));
    let first = first.collect::<Result<Vec<_>, TchError>>()?;
    let second = SECOND
        .iter()
        .filter(possible)
        .map(|&axes| Ok((axes, left(axes)?)));
    let mut second = second.collect::<Result<Vec<_>, TchError>>()?;
    if second.is_empty() {
        second.push((most, left(most)?));
    }
    let cost = Cost {
        centroids: centroids as f64,
        shape: samples.shape,
    };
    let mut best = (
        f64::INFINITY,
        BoundingAxes {
            first: 1,
            second: most,
        },
    );
    for &(first, left_by_first) in &first {
        for &(second, left_by_second) in second.iter().filter(|(axes, _)| *axes >= first) {
            let cycles = cost.cycles((first, left_by_first), (second, left_by_second));
            if cycles < best.0 {
                best = (cycles, BoundingAxes { first, second });
            }
        }
    }
    Ok(best.1)
}

/// At most [`MOST_SAMPLES`] rows, evenly spread.
fn thinned(rows: &Tensor) -> Result<Tensor, TchError> {
    let (count, _) = rows.size2()?;
    let step = (count / MOST_SAMPLES).max(1);
    rows.f_slice(0, None, None, step)
}

/// Squared distance (P) of each row to its K-th nearest centroid.
fn kth_distance(rows: &Tensor, bank: &Tensor, neighbors: usize) -> Result<Tensor, TchError> {
    let rows = rows.f_unsqueeze(0)?;
    let (squared, _) = smallest_squared_distances(&rows, bank, neighbors)?;
    squared.f_select(2, -1)?.f_squeeze()
}

/// Points on the first axes, and how far from the origin they are.
struct Turned {
    along: Tensor,
    squared_norms: Tensor,
}

impl Turned {
    fn new(points: &Tensor, principal: &PrincipalAxes, axes: usize) -> Result<Self, TchError> {
        let centred = points.f_sub(&principal.origin)?;
        let along = centred.f_matmul(&principal.axes.f_narrow(1, 0, axes as i64)?)?;
        Ok(Self {
            along,
            squared_norms: squared_norms(&centred)?,
        })
    }

    /// The number of entries of `bank` that the bound along so many axes leaves, on average
    /// over the rows.
    fn left_of(&self, bank: &Self, axes: usize, limit: &Tensor) -> Result<f64, TchError> {
        let head = |turned: &Self| turned.along.f_narrow(1, 0, axes as i64);
        let (rows, centroids) = (head(self)?, head(bank)?);
        let rest = |turned: &Self, head: &Tensor| {
            turned
                .squared_norms
                .f_sub(&squared_norms(head)?)?
                .f_clamp_min(0.0)?
                .f_sqrt()
        };
        // |h − h_c|² + (t − t_c)² = |φ|² + |c|² − 2 (h·h_c + t·t_c)
        let rests = rest(self, &rows)?.f_outer(&rest(bank, &centroids)?)?;
        let product = rows
            .f_matmul(&centroids.f_transpose(0, 1)?)?
            .f_add(&rests)?;
        let sums = self
            .squared_norms
            .f_unsqueeze(1)?
            .f_add(&bank.squared_norms)?;
        let bounds = sums.f_sub(&product.f_mul_scalar(2.0)?)?;
        let left = bounds.f_le_tensor(&limit.f_unsqueeze(1)?)?;
        let (count, _) = rows.size2()?;
        Ok(left.f_sum(Kind::Double)?.f_double_value(&[])? / count.max(1) as f64)
    }
}

fn squared_norms(rows: &Tensor) -> Result<Tensor, TchError> {
    rows.f_square()?.f_sum_dim_intlist(1_i64, false, None)
}

/// An estimate of processor cycles for one position. The constants are rough counts of
/// instructions; only the order of the results matters.
struct Cost {
    centroids: f64,
    shape: DescriptorShape,
}

impl Cost {
    fn cycles(
        &self,
        (first, left_by_first): (usize, f64),
        (second, left_by_second): (usize, f64),
    ) -> f64 {
        let vectors = |axes: usize| axes as f64 / LANES;
        let bounds = self.centroids / LANES * (first as f64 + 6.0);
        let refined = left_by_first * WITH_DEFECTS * (2.0 * vectors(second) + 40.0);
        let exact = left_by_second * WITH_DEFECTS * (3.0 * vectors(self.shape.outputs) + 60.0);
        let [fine, middle, coarse] = self.shape.map_channels;
        let leading = vectors(fine + middle / 4 + coarse / 16) * second as f64;
        bounds + refined + exact + leading
    }
}
