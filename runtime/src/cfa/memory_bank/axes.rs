//! The bank seen along its principal axes, for lower bounds of distances.
//!
//! A rotation does not change distances. Along the axes in which the centroids
//! differ most, a few numbers carry nearly all of a distance; of the others their
//! norm alone is kept. With `h` the first axes and `t` the norm of the rest,
//! `|φ − c|² ≥ |h − h_c|² + (t − t_c)²` (Cauchy–Schwarz).

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::row_major::RowMajor;

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
    /// Squares of what all but the first axis leave of a centroid: of the `first` axes,
    /// and of the `second` ones.
    beyond_others: Vec<[f64; 2]>,
    /// The largest norm of a centroid on these axes.
    pub(super) largest_norm: f32,
}

impl BankAxes {
    /// The axes of centroids that are already given on them.
    pub(super) fn leading(rows: &RowMajor, counts: BoundingAxes) -> Self {
        let turned = rows
            .rows()
            .map(|row| row.iter().copied().map(f64::from).collect());
        Self::from_coordinates(turned, rows.nrows(), counts, None)
    }

    /// The axes of centroids that `projection` turns onto them.
    pub(super) fn projected(
        rows: &ArrayView2<'_, f32>,
        counts: BoundingAxes,
        projection: Projection,
    ) -> Self {
        let turned: Vec<Vec<f64>> = projection.turned(rows).collect();
        Self::from_coordinates(turned.into_iter(), rows.nrows(), counts, Some(projection))
    }

    /// `turned` gives the coordinates of each centroid: the `second` ones that count
    /// come first, the others may be any numbers with the right norm.
    fn from_coordinates(
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
            beyond_others: Vec::with_capacity(centroids),
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
        let tail = norm(&coordinates[second..]);
        self.tails.push(tail as f32);
        let own = coordinates[0] * coordinates[0];
        self.beyond_others
            .push([rest * rest + own, tail * tail + own]);
        self.largest_norm = self.largest_norm.max(whole as f32);
    }

    /// A centroid's coordinate on a first axis that was turned.
    pub(super) fn place_on_first(&mut self, number: usize, coordinate: f64) {
        let BoundingAxes { first, second } = self.counts;
        let left = self.beyond_others[number].map(|all| all - coordinate * coordinate);
        let [rest, tail] = left.map(|squared| squared.max(0.0).sqrt());
        let panel = number / PANEL * (first + 1) * PANEL + number % PANEL;
        self.panels[panel] = coordinate as f32;
        self.panels[panel + first * PANEL] = rest as f32;
        self.heads[number * second] = coordinate as f32;
        self.tails[number] = tail as f32;
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
    /// The coordinates of each row, then one number: the norm of what they leave out.
    fn turned(&self, rows: &ArrayView2<'_, f32>) -> impl Iterator<Item = Vec<f64>> {
        let origin: Array1<f64> = self.origin.iter().map(|&x| f64::from(x)).collect();
        let centred = rows.mapv(f64::from) - &origin;
        let turned = centred.dot(&self.axes.mapv(f64::from).t());
        let squared = |row: ArrayView1<'_, f64>| row.iter().map(|x| x * x).sum::<f64>();
        (0..rows.nrows()).map(move |number| {
            let coordinates = turned.row(number);
            let left = squared(centred.row(number)) - squared(coordinates);
            let rest = left.max(0.0).sqrt();
            coordinates.iter().copied().chain([rest]).collect()
        })
    }
}
