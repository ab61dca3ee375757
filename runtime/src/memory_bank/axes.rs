//! The bank seen along its principal axes, for lower bounds of distances.
//!
//! A rotation does not change distances. Along the axes in which the centroids
//! differ most, a few numbers carry nearly all of a distance; of the others their
//! norm alone is kept. With `h` the first axes and `t` the norm of the rest,
//! `|φ − c|² ≥ |h − h_c|² + (t − t_c)²` (Cauchy–Schwarz).

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

/// Along how many of the leading axes distances are bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundingAxes {
    /// Axes of the first bound, which is computed for all centroids.
    pub first: usize,
    /// Axes of the second bound, for those that the first left; at least `first`.
    pub second: usize,
}

/// How descriptors are turned onto the axes of the bank.
#[derive(Debug, Clone)]
pub struct Projection {
    /// A point that the axes go through, usually the mean of the centroids: D values.
    pub origin: Vec<f32>,
    /// One axis a row, those of the largest spread first: `second × D`, orthonormal to
    /// within rounding.
    pub axes: Array2<f32>,
}

/// Centroids side by side in a panel.
pub(super) const PANEL: usize = 32;

/// What is kept of every centroid to bound its distance.
#[derive(Debug, Clone)]
pub(super) struct BankAxes {
    pub(super) counts: BoundingAxes,
    pub(super) projection: Option<Projection>,
    /// Panel by panel, axis by axis: [`PANEL`] coordinates; the last axis is the norm
    /// of all that follow.
    panels: Vec<f32>,
    /// `−½|c|²` of every centroid; −∞ in the places of the last panel that are empty.
    offsets: Vec<f32>,
    /// Coordinates on the `second` axes, one centroid a row.
    heads: Vec<f32>,
    /// Norm of the coordinates that follow those.
    tails: Vec<f32>,
    /// The largest norm of a centroid on these axes.
    pub(super) largest_norm: f32,
}

impl BankAxes {
    /// Of centroids that are already given on these axes.
    pub(super) fn leading(rows: &ArrayView2<'_, f32>, counts: BoundingAxes) -> Self {
        let turned = rows
            .rows()
            .into_iter()
            .map(|row| row.iter().map(|&x| f64::from(x)).collect());
        Self::of(turned, rows.nrows(), counts, None)
    }

    /// Of centroids that `projection` turns onto their axes.
    pub(super) fn projected(
        rows: &ArrayView2<'_, f32>,
        counts: BoundingAxes,
        projection: Projection,
    ) -> Self {
        let turned = rows.rows().into_iter().map(|row| {
            let row: Vec<f32> = row.to_vec();
            projection.turned(&row)
        });
        let turned: Vec<Vec<f64>> = turned.collect();
        Self::of(turned.into_iter(), rows.nrows(), counts, Some(projection))
    }

    /// `turned` gives the coordinates of each centroid: the `second` ones that count
    /// come first, the others may be any numbers with the right norm.
    fn of(
        turned: impl Iterator<Item = Vec<f64>>,
        centroids: usize,
        counts: BoundingAxes,
        projection: Option<Projection>,
    ) -> Self {
        let depth = counts.first + 1;
        let padded = centroids.next_multiple_of(PANEL);
        let mut axes = Self {
            counts,
            projection,
            panels: vec![0.0; padded * depth],
            offsets: vec![f32::NEG_INFINITY; padded],
            heads: Vec::with_capacity(centroids * counts.second),
            tails: Vec::with_capacity(centroids),
            largest_norm: 0.0,
        };
        for (number, coordinates) in turned.enumerate() {
            axes.insert(number, &coordinates);
        }
        axes
    }

    fn insert(&mut self, number: usize, coordinates: &[f64]) {
        let BoundingAxes { first, second } = self.counts;
        let norm = |values: &[f64]| values.iter().map(|x| x * x).sum::<f64>().sqrt();
        let panel = number / PANEL * (first + 1) * PANEL + number % PANEL;
        let rest = norm(&coordinates[first..]);
        for (axis, &value) in coordinates[..first].iter().chain([&rest]).enumerate() {
            self.panels[panel + axis * PANEL] = value as f32;
        }
        let whole = norm(coordinates);
        self.offsets[number] = (-0.5 * whole * whole) as f32;
        self.heads
            .extend(coordinates[..second].iter().map(|&x| x as f32));
        self.tails.push(norm(&coordinates[second..]) as f32);
        self.largest_norm = self.largest_norm.max(whole as f32);
    }

    /// Centroids and the empty places of the last panel.
    pub(super) fn places(&self) -> usize {
        self.offsets.len()
    }

    /// Coordinates of a panel, axis by axis, and its offsets.
    pub(super) fn panels(&self) -> impl Iterator<Item = (&[f32], &[f32])> {
        let depth = self.counts.first + 1;
        self.panels
            .chunks_exact(depth * PANEL)
            .zip(self.offsets.chunks_exact(PANEL))
    }

    /// Coordinates of a centroid on the `second` axes, and the norm of the rest.
    pub(super) fn centroid(&self, number: usize) -> (&[f32], f32) {
        let second = self.counts.second;
        (&self.heads[number * second..][..second], self.tails[number])
    }
}

impl Projection {
    /// The coordinates of a point, then one number: the norm of what they leave out.
    fn turned(&self, point: &[f32]) -> Vec<f64> {
        let centred: Vec<f64> = point
            .iter()
            .zip(&self.origin)
            .map(|(x, o)| f64::from(*x) - f64::from(*o))
            .collect();
        let along = |axis: ndarray::ArrayView1<'_, f32>| {
            axis.iter()
                .zip(&centred)
                .map(|(a, x)| f64::from(*a) * x)
                .sum::<f64>()
        };
        let mut turned: Vec<f64> = self.axes.rows().into_iter().map(along).collect();
        let squared = |values: &[f64]| values.iter().map(|x| x * x).sum::<f64>();
        let left = (squared(&centred) - squared(&turned)).max(0.0);
        turned.push(left.sqrt());
        turned
    }
}
