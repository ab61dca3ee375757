//! Which centroids may be among the K nearest of one descriptor.

use super::rounding::product_error;

/// Values compared at once before any is looked at alone.
const LANES: usize = 16;

/// How far `|c|² − 2 φ·c`, computed in `f32`, may order two centroids otherwise than their
/// squared distances do, which are off by `sum` of themselves at most. Both centroids of
/// a comparison may be off.
pub(super) fn comparison_margin(channels: usize, sum: f32, norm: f32, largest_norm: f32) -> f32 {
    let product = 2.0 * product_error(channels) * norm * largest_norm;
    let own = f32::EPSILON * largest_norm * largest_norm;
    let farthest = norm + largest_norm;
    2.0 * (product + own + sum * farthest * farthest)
}

/// Collects every centroid whose computed value is within the margin of the
/// K-th smallest, so that the true K nearest are among them.
#[derive(Debug, Default)]
pub(super) struct Shortlist {
    /// The K smallest values so far, ascending, padded with infinity.
    smallest: Vec<f32>,
    margin: f32,
    limit: f32,
    entries: Vec<(f32, u32)>,
}

impl Shortlist {
    /// Empties the list; its buffers stay.
    pub(super) fn restart(&mut self, k: usize, margin: f32) {
        self.smallest.clear();
        self.smallest.resize(k, f32::INFINITY);
        self.margin = margin;
        self.limit = f32::INFINITY;
        self.entries.clear();
    }

    /// Offers the centroids from number `first` on: `products` are their
    /// `−2 φ·c`, `squared_norms` their `|c|²`.
    pub(super) fn offer(&mut self, first: usize, products: &[f32], squared_norms: &[f32]) {
        let lanes = products.chunks(LANES).zip(squared_norms.chunks(LANES));
        for (chunk, (products, norms)) in lanes.enumerate() {
            let values = products.iter().zip(norms).map(|(p, n)| p + n);
            let least = values.fold(f32::INFINITY, |a, b| if b < a { b } else { a });
            if least > self.limit {
                continue;
            }
            for (lane, (p, n)) in products.iter().zip(norms).enumerate() {
                self.consider(first + chunk * LANES + lane, p + n);
            }
        }
    }

    fn consider(&mut self, centroid: usize, value: f32) {
        if value > self.limit {
            return;
        }
        self.entries.push((value, centroid as u32));
        let place = self.smallest.partition_point(|&kept| kept <= value);
        if place < self.smallest.len() {
            self.smallest.pop();
            self.smallest.insert(place, value);
            self.limit = self.smallest.last().map_or(value, |kth| kth + self.margin);
        }
    }

    /// Numbers of the centroids that remain once the final limit is known.
    pub(super) fn centroids(&self) -> impl Iterator<Item = u32> {
        let kept = self
            .entries
            .iter()
            .filter(|(value, _)| *value <= self.limit);
        kept.map(|&(_, centroid)| centroid)
    }
}
