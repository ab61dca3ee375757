//! Bilinear upsampling of maps whose channels lie together (one row per position),
//! and its adjoint, which brings a gradient back to the small map.

use cfa_runtime::training_support::cfa::anomaly_map::Blend;
use rayon::prelude::*;

/// Rows and columns of a map.
pub(super) type MapSize = (usize, usize);

/// From a small map to a large one.
#[derive(Debug, Clone)]
pub(super) struct Upsampling {
    small: MapSize,
    large: MapSize,
    rows: Vec<Blend>,
    columns: Vec<Blend>,
}

/// The two small samples of a large one, with their shares.
fn parts(blend: Blend) -> [(usize, f32); 2] {
    let high = blend.share_of_high;
    [(blend.low, 1.0 - high), (blend.high, high)]
}

/// The share of a large sample that comes from the small sample `index`.
fn share_of(blend: Blend, index: usize) -> f32 {
    let parts = parts(blend).into_iter();
    parts.filter(|(i, _)| *i == index).map(|(_, s)| s).sum()
}

impl Upsampling {
    pub(super) fn new(small: MapSize, large: MapSize) -> Self {
        Self {
            small,
            large,
            rows: Blend::all(small.0, large.0),
            columns: Blend::all(small.1, large.1),
        }
    }

    /// Adds to row `row` of the large map (its positions × D) the upsampled small map
    /// (h·w × D, with D). `scratch` keeps its memory between calls.
    pub(super) fn add_row(
        &self,
        (values, channels): (&[f32], usize),
        row: usize,
        into: &mut [f32],
        scratch: &mut Vec<f32>,
    ) {
        let line = self.small.1 * channels;
        let at = |index: usize| &values[index * line..][..line];
        let [(low, a), (high, b)] = parts(self.rows[row]);
        scratch.clear();
        scratch.extend(at(low).iter().zip(at(high)).map(|(x, y)| a * x + b * y));
        for (target, blend) in into.chunks_exact_mut(channels).zip(&self.columns) {
            let [(low, a), (high, b)] = parts(*blend);
            let (low, high) = (&scratch[low * channels..], &scratch[high * channels..]);
            for (t, (x, y)) in target.iter_mut().zip(low.iter().zip(high)) {
                *t += a * x + b * y;
            }
        }
    }

    /// The gradient of the small map (h·w × D), from that of the large one.
    /// Both gradients are given row by row; the large one comes with D.
    pub(super) fn adjoint(&self, (gradient, channels): (&[f32], usize), small: &mut [f32]) {
        let line = self.large.1 * channels;
        small
            .par_chunks_mut(self.small.1 * channels)
            .enumerate()
            .for_each_init(Vec::new, |scratch, (row, target)| {
                scratch.clear();
                scratch.resize(line, 0.0);
                for (blend, values) in self.rows.iter().zip(gradient.chunks_exact(line)) {
                    add_scaled(scratch, share_of(*blend, row), values);
                }
                target.fill(0.0);
                for (blend, values) in self.columns.iter().zip(scratch.chunks_exact(channels)) {
                    for (column, share) in parts(*blend) {
                        add_scaled(&mut target[column * channels..][..channels], share, values);
                    }
                }
            });
    }
}

/// `into += share · values`.
pub(super) fn add_scaled(into: &mut [f32], share: f32, values: &[f32]) {
    if share == 0.0 {
        return;
    }
    for (sum, value) in into.iter_mut().zip(values) {
        *sum += share * value;
    }
}
