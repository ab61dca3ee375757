//! Score and anomaly map computed by libtorch alone (SPEC 8 and 9).
//!
//! What ships is [`cfa_runtime`]; this second, independent path records the
//! golden samples of a bundle and is what the runtime is compared with.

use tch::{Kind, TchError, Tensor, no_grad};

use crate::neighbors::{rows, smallest_squared_distances};

/// How distances become a map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AnomalyMapGenerator {
    /// K.
    pub neighbors: usize,
    /// Height and width of the map in pixels: those of the network's input.
    pub map_size: (usize, usize),
    /// Standard deviation of the blur in map pixels.
    pub sigma: f64,
}

/// The result for N pictures.
#[derive(Debug)]
pub struct Scored {
    /// Score of each patch, N×1×h×w.
    pub patch_scores: Tensor,
    /// Smoothed map, N×H×W.
    pub anomaly_map: Tensor,
    /// Maximum of each map, N.
    pub image_scores: Tensor,
}

impl AnomalyMapGenerator {
    /// Scores φ (N×D×h×w) against `bank` (M×D).
    ///
    /// # Errors
    /// K exceeds M, the map is smaller than the blur, or memory runs out.
    pub fn forward(&self, phi: &Tensor, bank: &Tensor) -> Result<Scored, TchError> {
        no_grad(|| {
            let (n, _, h, w) = phi.size4()?;
            let (squared, _) = smallest_squared_distances(&rows(phi)?, bank, self.neighbors)?;
            let patch_scores = softmin_score(&squared)?.f_reshape([n, 1, h, w])?;
            let anomaly_map = self.anomaly_map(&patch_scores)?;
            let image_scores = anomaly_map.f_amax([1, 2], false)?;
            Ok(Scored {
                patch_scores,
                anomaly_map,
                image_scores,
            })
        })
    }

    /// Upsamples patch scores (N×1×h×w) and blurs them, borders mirrored without
    /// repeating the edge (SPEC 9).
    fn anomaly_map(&self, scores: &Tensor) -> Result<Tensor, TchError> {
        let (height, width) = (self.map_size.0 as i64, self.map_size.1 as i64);
        let map = scores.f_upsample_bilinear2d([height, width], false, None, None)?;
        let kernel = gaussian_kernel(self.sigma);
        let side = kernel.len() as i64;
        let kernel = Tensor::f_from_slice(&kernel)?
            .f_to_kind(Kind::Float)?
            .f_to_device(map.device())?;
        let column = kernel.f_reshape([1, 1, side, 1])?;
        let row = kernel.f_reshape([1, 1, 1, side])?;
        let radius = side / 2;
        let blur =
            |x: Tensor, k: &Tensor| x.f_conv2d(k, None::<&Tensor>, [1, 1], [0, 0], [1, 1], 1);
        let padded = map.f_reflection_pad2d([radius, radius, radius, radius])?;
        blur(blur(padded, &column)?, &row)?.f_squeeze_dim(1)
    }
}

/// d₁ · exp(−d₁) / Σ exp(−dₖ) over the last axis of squared distances (N×P×K,
/// ascending); the result is N×P (SPEC 8).
///
/// # Errors
/// Memory runs out.
pub fn softmin_score(squared: &Tensor) -> Result<Tensor, TchError> {
    let distances = squared.f_sqrt()?;
    let weights = distances.f_neg()?.f_softmax(2, Kind::Float)?;
    weights.f_select(2, 0)?.f_mul(&distances.f_select(2, 0)?)
}

/// Taps exp(−i²/2σ²) for |i| ≤ int(4σ + 0.5), normalised to sum 1.
fn gaussian_kernel(sigma: f64) -> Vec<f64> {
    let radius = (4.0 * sigma + 0.5) as i64;
    let taps: Vec<f64> = (-radius..=radius)
        .map(|i| (-((i * i) as f64) / (2.0 * sigma * sigma)).exp())
        .collect();
    let sum: f64 = taps.iter().sum();
    taps.iter().map(|t| t / sum).collect()
}

#[cfg(test)]
mod tests;
