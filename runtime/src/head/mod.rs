//! What follows the network: from features to the anomaly map.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use ndarray::ArrayRef3;

use crate::anomaly_map::{AnomalyMap, BlurError, GaussianBlur, softmin_scores, upsample_bilinear};
use crate::memory_bank::{MemoryBank, Neighbors, NeighborsError, SearchScratch};
use crate::preprocess::Size;

/// Distances to the bank, softmin score, upsampling and blur, in one piece.
#[derive(Debug, Clone)]
pub struct Head {
    bank: MemoryBank,
    neighbors: usize,
    feature_size: Size,
    map_size: Size,
    blur: GaussianBlur,
}

/// Milliseconds of the head's stages.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct HeadTimes {
    /// The search for the nearest centroids.
    pub neighbors_ms: f64,
    /// Score, upsampling and blur.
    pub map_ms: f64,
}

/// Why the head cannot be built or cannot make a map.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HeadError {
    /// The search for neighbours failed.
    #[error(transparent)]
    Neighbors(#[from] NeighborsError),
    /// The blur does not fit the map.
    #[error(transparent)]
    Blur(#[from] BlurError),
    /// A feature map or anomaly map without pixels.
    #[error("{name} is {height}×{width}; each side must be at least 1")]
    Empty {
        /// Which of the two.
        name: &'static str,
        /// Its rows.
        height: usize,
        /// Its columns.
        width: usize,
    },
    /// The features have another shape than the bundle declares.
    #[error(
        "the network gave features of shape {found:?} (channels, height, width) where {expected:?} is declared; network and memory bank are not of the same model"
    )]
    FeatureShape {
        /// Shape that the bank and the feature size ask for.
        expected: [usize; 3],
        /// Shape of the features.
        found: [usize; 3],
    },
    /// The features could not be viewed as one row per position.
    #[error("the network's features cannot be read as a matrix")]
    Layout(#[from] ndarray::ShapeError),
}

impl Head {
    /// Checks that the parts fit together: `neighbors` from 1 to the number of
    /// centroids, sizes not empty, the map larger than the blur's radius.
    pub fn new(
        bank: MemoryBank,
        neighbors: usize,
        feature_size: Size,
        map_size: Size,
        blur: GaussianBlur,
    ) -> Result<Self, HeadError> {
        bank.check_count(neighbors)?;
        for (name, Size { height, width }) in
            [("feature map", feature_size), ("anomaly map", map_size)]
        {
            if height == 0 || width == 0 {
                return Err(HeadError::Empty {
                    name,
                    height,
                    width,
                });
            }
        }
        blur.check_size(map_size.height, map_size.width)?;
        Ok(Self {
            bank,
            neighbors,
            feature_size,
            map_size,
            blur,
        })
    }

    /// Shape of the features it takes: channels, height, width.
    #[must_use]
    pub fn feature_shape(&self) -> [usize; 3] {
        [
            self.bank.channels(),
            self.feature_size.height,
            self.feature_size.width,
        ]
    }

    /// The anomaly map of one picture's features, `D × h × w` in any layout.
    ///
    /// Runs in the current rayon pool; the same bits for any number of threads.
    /// Features with NaN or infinities are an error, so the map is finite.
    pub fn anomaly_map(
        &self,
        features: &ArrayRef3<f32>,
    ) -> Result<(AnomalyMap, HeadTimes), HeadError> {
        self.anomaly_map_unless(features, &AtomicBool::new(false))
    }

    /// The same, given up with an error as soon as `cancelled` is seen to be true.
    pub fn anomaly_map_unless(
        &self,
        features: &ArrayRef3<f32>,
        cancelled: &AtomicBool,
    ) -> Result<(AnomalyMap, HeadTimes), HeadError> {
        let expected = self.feature_shape();
        let found: [usize; 3] = features.dim().into();
        if found != expected {
            return Err(HeadError::FeatureShape { expected, found });
        }
        let started = Instant::now();
        let Size { height, width } = self.feature_size;
        let by_channel = features.to_shape((self.bank.channels(), height * width))?;
        let mut neighbors = Neighbors::default();
        let scratch = SearchScratch::default();
        let rows = by_channel.t();
        self.bank
            .nearest_into(&*rows, self.neighbors, cancelled, &scratch, &mut neighbors)?;
        let neighbors_ms = milliseconds_since(started);

        let started = Instant::now();
        let scores = softmin_scores(&neighbors).into_shape_with_order((height, width))?;
        let upsampled = upsample_bilinear(&scores, self.map_size);
        let values = self.blur.apply(&upsampled)?;
        let map_ms = milliseconds_since(started);
        Ok((
            AnomalyMap { values },
            HeadTimes {
                neighbors_ms,
                map_ms,
            },
        ))
    }
}

/// Wall time since `started`, in milliseconds.
pub(crate) fn milliseconds_since(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests;
