//! From distances to an anomaly map: softmin score, upsampling, blur.

mod blur;
mod softmin;
mod upsample;

pub use blur::{BlurError, Border, GaussianBlur};
pub use softmin::softmin_scores;
pub(crate) use upsample::Blend;
pub use upsample::upsample_bilinear;

use ndarray::Array2;

/// How unusual each pixel of the network's input looks: rows × columns, finite,
/// 0 for a perfect match, larger is stranger. Raw values in the unit of the
/// descriptor's distance, comparable between pictures of one model only.
#[derive(Debug, Clone, PartialEq)]
pub struct AnomalyMap {
    /// Row-major values, `height × width`, not empty.
    pub values: Array2<f32>,
}

impl AnomalyMap {
    /// The largest value: the score of the picture.
    #[must_use]
    pub fn max(&self) -> f32 {
        self.values
            .iter()
            .copied()
            .fold(f32::NEG_INFINITY, f32::max)
    }

    /// The smallest value.
    #[must_use]
    pub fn min(&self) -> f32 {
        self.values.iter().copied().fold(f32::INFINITY, f32::min)
    }

    /// The mean value.
    #[must_use]
    pub fn mean(&self) -> f32 {
        let sum: f64 = self.values.iter().map(|&value| f64::from(value)).sum();
        (sum / self.values.len().max(1) as f64) as f32
    }

    /// Row and column of the largest value, the first one in reading order.
    #[must_use]
    pub fn peak(&self) -> (usize, usize) {
        let mut peak = ((0, 0), f32::NEG_INFINITY);
        for (place, &value) in self.values.indexed_iter() {
            if value > peak.1 {
                peak = (place, value);
            }
        }
        peak.0
    }
}

#[cfg(test)]
mod tests;
