//! Bilinear upsampling of the score map to the size of the network's input.

use ndarray::{Array2, ArrayRef2, Zip};

use crate::preprocess::Size;

/// Bilinear resampling with pixel centres at half steps (`align_corners` false,
/// no antialiasing): output `i` reads source position
/// `max((i + ½) · in / out − ½, 0)`, the upper neighbour clamped to the edge.
///
/// An empty map gives zeros; NaN spreads to the pixels that read it.
#[must_use]
pub fn upsample_bilinear(map: &ArrayRef2<f32>, size: Size) -> Array2<f32> {
    let mut upsampled = Array2::zeros((size.height, size.width));
    if map.is_empty() {
        return upsampled;
    }
    let rows = Blend::all(map.nrows(), size.height);
    let columns = Blend::all(map.ncols(), size.width);
    Zip::from(upsampled.rows_mut())
        .and(&rows[..])
        .par_for_each(|output, row| {
            let (upper, lower) = (map.row(row.low), map.row(row.high));
            for (value, column) in output.into_iter().zip(&columns) {
                let above = column.mix(upper[column.low], upper[column.high]);
                let below = column.mix(lower[column.low], lower[column.high]);
                *value = row.mix(above, below);
            }
        });
    upsampled
}

/// The two source samples of one output sample, and how much of the second.
#[derive(Debug, Clone, Copy)]
pub struct Blend {
    /// The first.
    pub low: usize,
    /// The second, the same as the first at the end.
    pub high: usize,
    /// Between 0 and 1.
    pub share_of_high: f32,
}

impl Blend {
    fn mix(self, low: f32, high: f32) -> f32 {
        (1.0 - self.share_of_high) * low + self.share_of_high * high
    }

    /// For each of `output` samples made of `input` ones: pixel centres at half steps,
    /// edges repeated.
    #[must_use]
    pub fn all(input: usize, output: usize) -> Vec<Self> {
        let scale = input as f64 / output as f64;
        let last = input.saturating_sub(1);
        let blend = |i: usize| {
            let position = ((i as f64 + 0.5) * scale - 0.5).max(0.0);
            let low = (position as usize).min(last);
            Self {
                low,
                high: (low + 1).min(last),
                share_of_high: (position - low as f64) as f32,
            }
        };
        (0..output).map(blend).collect()
    }
}
