//! Gaussian blur with mirrored borders.

use ndarray::{Array1, Array2, ArrayRef2, Zip};
use serde::{Deserialize, Serialize};

use crate::invariant::BrokenInvariant;

/// What lies beyond the edge of a map `a b c d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Border {
    /// `… c b | a b c d | c b …`: mirrored at the edge sample, as in anomalib.
    Mirror,
    /// `… b a | a b c d | d c …`: mirrored beyond it, as in the official code
    /// and `reflect` of `scipy.ndimage`.
    MirrorRepeatEdge,
}

/// A separable Gaussian of `2·r + 1` taps, `r = ⌊4σ + ½⌋`, each axis summing to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianBlur {
    taps: Vec<f32>,
    border: Border,
}

/// Why a map cannot be blurred.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BlurError {
    /// Not a width that a blur can have.
    #[error(
        "sigma {sigma} of the blur is not a number of pixels above 0 and up to {}",
        GaussianBlur::MAX_SIGMA_PX
    )]
    Sigma {
        /// The value given.
        sigma: f32,
    },
    /// The mirrored border would need samples that the map does not have.
    #[error(
        "a blur that reaches {radius_px} px needs a map of more than {radius_px} px a side, not {height}×{width}; use a larger picture size or a smaller sigma"
    )]
    MapTooSmall {
        /// Reach of the blur.
        radius_px: usize,
        /// Rows of the map.
        height: usize,
        /// Columns of the map.
        width: usize,
    },
    /// Scores of another size than the map is made from.
    #[error(
        "the map is made from {} × {} scores, not from {} × {}; network and settings are not of the same model",
        expected.0,
        expected.1,
        found.0,
        found.1
    )]
    Scores {
        /// Rows and columns that are declared.
        expected: (usize, usize),
        /// Rows and columns given.
        found: (usize, usize),
    },
    /// A bug in this code.
    #[error(transparent)]
    Internal(#[from] BrokenInvariant),
}

impl GaussianBlur {
    /// Larger blurs than this are refused.
    pub const MAX_SIGMA_PX: f32 = 256.0;

    /// A blur of `sigma_px` pixels, above 0.
    pub fn new(sigma_px: f32, border: Border) -> Result<Self, BlurError> {
        if !(sigma_px > 0.0 && sigma_px <= Self::MAX_SIGMA_PX) {
            return Err(BlurError::Sigma { sigma: sigma_px });
        }
        let sigma = f64::from(sigma_px);
        let radius = (4.0 * sigma + 0.5) as i32;
        let weight = |i: i32| (-0.5 * (f64::from(i) / sigma).powi(2)).exp();
        let sum: f64 = (-radius..=radius).map(weight).sum();
        let taps = (-radius..=radius)
            .map(|i| (weight(i) / sum) as f32)
            .collect();
        Ok(Self { taps, border })
    }

    /// How many pixels away a value still counts: `⌊4σ + ½⌋`.
    #[must_use]
    pub fn radius_px(&self) -> usize {
        self.taps.len() / 2
    }

    /// Weights of the samples from −radius to radius.
    pub(super) fn taps(&self) -> &[f32] {
        &self.taps
    }

    /// Whether a map of this size can be blurred: both sides above the radius.
    pub fn check_size(&self, height: usize, width: usize) -> Result<(), BlurError> {
        let radius_px = self.radius_px();
        if height.min(width) > radius_px {
            return Ok(());
        }
        Err(BlurError::MapTooSmall {
            radius_px,
            height,
            width,
        })
    }

    /// The blurred map, same size; both sides must be above the radius. NaN
    /// spreads as far as the blur reaches.
    pub fn apply(&self, map: &ArrayRef2<f32>) -> Result<Array2<f32>, BlurError> {
        let (height, width) = map.dim();
        self.check_size(height, width)?;
        Ok(self.along_rows(&self.along_columns(map)))
    }

    fn along_columns(&self, map: &ArrayRef2<f32>) -> Array2<f32> {
        let sources = self.sources(map.nrows());
        let mut blurred = Array2::zeros(map.dim());
        Zip::indexed(blurred.rows_mut()).par_for_each(|y, mut row| {
            for (&tap, &source) in self.taps.iter().zip(&sources[y..]) {
                row.scaled_add(tap, &map.row(source));
            }
        });
        blurred
    }

    fn along_rows(&self, map: &ArrayRef2<f32>) -> Array2<f32> {
        let sources = self.sources(map.ncols());
        let mut blurred = Array2::zeros(map.dim());
        Zip::from(blurred.rows_mut())
            .and(map.rows())
            .par_for_each(|mut row, unblurred| {
                let padded: Array1<f32> = sources.iter().map(|&x| unblurred[x]).collect();
                for (&tap, shifted) in self.taps.iter().zip(padded.windows(row.len())) {
                    row.scaled_add(tap, &shifted);
                }
            });
        blurred
    }

    /// Which sample stands at each position from `−radius` to `length + radius`.
    pub(super) fn sources(&self, length: usize) -> Vec<usize> {
        let (length, radius) = (length as isize, self.radius_px() as isize);
        let repeated = match self.border {
            Border::Mirror => 0,
            Border::MirrorRepeatEdge => 1,
        };
        let inside = |position: isize| match position {
            below if below < 0 => -below - repeated,
            above if above >= length => 2 * (length - 1) - above + repeated,
            within => within,
        };
        (-radius..length + radius)
            .map(|position| inside(position).unsigned_abs())
            .collect()
    }
}
