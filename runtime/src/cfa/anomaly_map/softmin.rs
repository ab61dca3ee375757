//! The score of one position from its K nearest distances.

use ndarray::{Array1, ArrayView1, Axis};

use crate::cfa::memory_bank::Neighbors;

/// The softmin-weighted nearest distance of each position:
/// `d₁ · exp(−d₁) / Σₖ exp(−dₖ)` with `dₖ = √d²ₖ` (CFA, arXiv 2206.04325).
///
/// One value per row of `neighbors`, between `d₁ / K` and `d₁`. A position that
/// several centroids explain equally well counts less than one with a single
/// neighbour. Squared distances below 0 are taken as 0; NaN stays NaN.
#[must_use]
pub fn softmin_scores(neighbors: &Neighbors) -> Array1<f32> {
    neighbors
        .squared_distances
        .map_axis(Axis(1), |row| score(&row))
}

/// `d₁ / Σ exp(d₁ − dₖ)`: the same, without the underflow of `exp(−d)` for d > 87.
fn score(squared_distances: &ArrayView1<'_, f32>) -> f32 {
    let clamped = |squared: f32| {
        if squared < 0.0 {
            0.0
        } else {
            f64::from(squared)
        }
    };
    let distance = |squared: f32| clamped(squared).sqrt();
    let nearest = squared_distances
        .first()
        .map_or(0.0, |&first| distance(first));
    let weights = squared_distances
        .iter()
        .map(|&squared| (nearest - distance(squared)).exp());
    (nearest / weights.sum::<f64>()) as f32
}
