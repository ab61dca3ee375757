//! From distances to score and anomaly map, by libtorch alone (METHOD.md, sections 8 and 9).
//!
//! Products ship [`cfa_runtime`]. This second, independent implementation records the
//! golden samples of a bundle, and the runtime is compared with it.

use cfa_runtime::preprocess::Size;
use cfa_runtime::training_support::cfa::anomaly_map::Border;
use tch::{Kind, TchError, Tensor, no_grad};

use super::error::ModelError;

/// How distances become a map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AnomalyMapGenerator {
    /// K.
    pub neighbors: usize,
    /// Size of the map in pixels: that of the network's input.
    pub map_size: Size,
    /// Standard deviation of the blur in map pixels.
    pub sigma: f64,
    /// How the blur continues the map beyond its border.
    pub border: Border,
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
    /// Scores squared `distance`s (N×P×M, in any order along M ≥ K) of the P = h·w
    /// positions that `scale` (h×w) names.
    ///
    /// # Errors
    /// `distance` or `scale` is missing, K exceeds M, the map is smaller than the
    /// blur, or memory runs out.
    pub fn forward(
        &self,
        distance: Option<&Tensor>,
        scale: Option<Size>,
    ) -> Result<Scored, ModelError> {
        let distance = distance.ok_or(ModelError::Missing("distance"))?;
        let scale = scale.ok_or(ModelError::Missing("scale"))?;
        no_grad(|| {
            let patch_scores = self.compute_score(distance, scale)?;
            let anomaly_map = self.compute_anomaly_map(&patch_scores)?;
            let image_scores = anomaly_map.f_amax([1, 2], false)?;
            Ok(Scored {
                patch_scores,
                anomaly_map,
                image_scores,
            })
        })
    }

    /// Softmin-weighted distance of each patch to its K nearest entries, N×1×h×w, from
    /// squared distances N×P×M. Negative ones, which only rounding can give, count as 0.
    ///
    /// # Errors
    /// K exceeds M, or the positions do not fit `scale`.
    pub fn compute_score(&self, distance: &Tensor, scale: Size) -> Result<Tensor, TchError> {
        let (n, _, _) = distance.size3()?;
        let count = self.neighbors as i64;
        let (nearest, _) = distance.f_topk(count, 2, false, true)?;
        softmin_score(&nearest.f_clamp_min(0.0)?)?.f_reshape([
            n,
            1,
            scale.height as i64,
            scale.width as i64,
        ])
    }

    /// Upsamples patch scores (N×1×h×w) bilinearly and blurs them: N×H×W.
    ///
    /// # Errors
    /// The map is smaller than the blur, or memory runs out.
    pub fn compute_anomaly_map(&self, scores: &Tensor) -> Result<Tensor, TchError> {
        let (height, width) = (self.map_size.height as i64, self.map_size.width as i64);
        let map = scores.f_upsample_bilinear2d([height, width], false, None, None)?;
        let kernel = gaussian_kernel(self.sigma);
        let side = kernel.len() as i64;
        let kernel = Tensor::f_from_slice(&kernel)?
            .f_to_kind(Kind::Float)?
            .f_to_device(map.device())?;
        let column = kernel.f_reshape([1, 1, side, 1])?;
        let row = kernel.f_reshape([1, 1, 1, side])?;
        let blur =
            |x: Tensor, k: &Tensor| x.f_conv2d(k, None::<&Tensor>, [1, 1], [0, 0], [1, 1], 1);
        let padded = padded(&map, side / 2, self.border)?;
        blur(blur(padded, &column)?, &row)?.f_squeeze_dim(1)
    }
}

/// A map (N×1×H×W) continued by `radius` pixels on each side.
fn padded(map: &Tensor, radius: i64, border: Border) -> Result<Tensor, TchError> {
    match border {
        Border::Mirror => map.f_reflection_pad2d([radius, radius, radius, radius]),
        Border::MirrorRepeatEdge => {
            [2, 3]
                .into_iter()
                .try_fold(map.shallow_clone(), |map, axis| {
                    let length = map.size()[axis];
                    let axis = axis as i64;
                    let before = map.f_narrow(axis, 0, radius)?.f_flip([axis])?;
                    let after = map
                        .f_narrow(axis, length - radius, radius)?
                        .f_flip([axis])?;
                    Tensor::f_cat(&[before, map, after], axis)
                })
        }
    }
}

/// d₁ · exp(−d₁) / Σ exp(−dₖ) over the last axis of squared distances (N×P×K,
/// ascending); the result is N×P (METHOD.md, section 8).
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
