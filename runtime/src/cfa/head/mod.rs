//! What follows the network: from features to the anomaly map.

mod descriptors;

use std::time::Instant;

use ndarray::{Array2, ArrayView3};

pub use descriptors::{Descriptors, LevelShape, coordinate};
use rayon::ThreadPool;

use crate::anomaly_map::AnomalyMap;
use crate::cancellation::Cancellation;
use crate::cfa::anomaly_map::{BlurError, GaussianBlur, Smoothing, softmin_scores};
use crate::cfa::memory_bank::{
    DescriptorRows, MemoryBank, MemoryBankError, Neighbors, NeighborsError, SearchOptions,
    SearchScratch,
};
use crate::invariant::BrokenInvariant;
use crate::preprocess::Size;

/// Distances to the bank, softmin score, upsampling and blur, in one piece.
///
/// Can be used by several threads at once.
#[derive(Debug)]
pub struct Head {
    bank: MemoryBank,
    descriptors: Descriptors,
    neighbors: usize,
    smoothing: Smoothing,
    scratch: SearchScratch,
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
    /// The memory bank was refused.
    #[error(transparent)]
    MemoryBank(#[from] MemoryBankError),
    /// The blur does not fit the map.
    #[error(transparent)]
    Blur(#[from] BlurError),
    /// An anomaly map without pixels.
    #[error("the anomaly map is {height}×{width}; each side must be at least 1")]
    Empty {
        /// Its rows.
        height: usize,
        /// Its columns.
        width: usize,
    },
    /// The levels do not make descriptors.
    #[error(
        "descriptors cannot be made of levels {shapes:?} and coordinates {coordinates:?}; the bundle was not written by cfa-train"
    )]
    Levels {
        /// The levels, the finest first.
        shapes: Vec<LevelShape>,
        /// Rows and columns of the coordinates' weights.
        coordinates: [usize; 2],
    },
    /// The bank has descriptors of another length.
    #[error("descriptors of {descriptors} channels do not fit a memory bank of {bank}")]
    Channels {
        /// Channels of the coarsest level.
        descriptors: usize,
        /// Columns of the bank.
        bank: usize,
    },
    /// The levels of a picture have other shapes than declared.
    #[error(
        "the network gave levels of shape {found:?} (height, width, channels) where {expected:?} are declared; network and memory bank are not of the same model"
    )]
    FeatureShape {
        /// Shapes that are declared.
        expected: Vec<[usize; 3]>,
        /// Shapes of the levels.
        found: Vec<[usize; 3]>,
    },
    /// An anomaly map that was computed with the network holds NaN or an infinity.
    #[error("the anomaly map is not finite; check the picture and the network's weights")]
    NotFinite,
    /// A level does not lie in memory row by row, channels last.
    #[error("the network's levels do not lie in memory row by row")]
    Layout,
    /// A promise of this library to itself does not hold.
    #[error(transparent)]
    Internal(#[from] BrokenInvariant),
}

impl Head {
    /// Checks that the parts fit together: `neighbors` from 1 to the number of
    /// centroids, channels equal, the map larger than the blur's radius.
    pub fn new(
        bank: MemoryBank,
        descriptors: Descriptors,
        neighbors: usize,
        map_size: Size,
        blur: &GaussianBlur,
    ) -> Result<Self, HeadError> {
        bank.check_count(neighbors)?;
        let channels = (descriptors.channels(), bank.channels());
        if channels.0 != channels.1 {
            let (descriptors, bank) = channels;
            return Err(HeadError::Channels { descriptors, bank });
        }
        let Size { height, width } = map_size;
        if height == 0 || width == 0 {
            return Err(HeadError::Empty { height, width });
        }
        let (rows, columns) = descriptors.size();
        let positions = Size {
            height: rows,
            width: columns,
        };
        let smoothing = Smoothing::new(positions, map_size, blur)?;
        Ok(Self {
            bank,
            descriptors,
            neighbors,
            smoothing,
            scratch: SearchScratch::default(),
        })
    }

    /// The levels that it takes.
    #[must_use]
    pub fn levels(&self) -> &[LevelShape] {
        self.descriptors.shapes()
    }

    /// The bank that is searched.
    pub(crate) fn bank(&self) -> &MemoryBank {
        &self.bank
    }

    /// K, the neighbours that share in a score.
    pub(crate) fn neighbors(&self) -> usize {
        self.neighbors
    }

    /// What the coordinates add: two rows of leading channels.
    pub(crate) fn coordinates(&self) -> &Array2<f32> {
        self.descriptors.coordinates()
    }

    /// Rows and columns of descriptors.
    pub(crate) fn positions(&self) -> (usize, usize) {
        self.descriptors.size()
    }

    /// From scores to the map.
    pub(crate) fn smoothing(&self) -> &Smoothing {
        &self.smoothing
    }

    /// The descriptors of one picture, one a row: P × D.
    pub fn descriptors(&self, levels: &[ArrayView3<'_, f32>]) -> Result<Array2<f32>, HeadError> {
        let descriptors = self.descriptors.for_picture(levels)?;
        let shape = (descriptors.positions(), descriptors.channels());
        let mut rows = vec![0.0; shape.0 * shape.1];
        descriptors.fill(0, &mut rows);
        Array2::from_shape_vec(shape, rows).map_err(|_shape| HeadError::Layout)
    }

    /// The anomaly map of one picture's levels, the finest first: each
    /// height × width × channels, row by row in memory.
    ///
    /// Runs in the current rayon pool; the same bits for any number of threads.
    /// Levels with NaN or infinities are an error, so the map is finite.
    pub fn anomaly_map(
        &self,
        levels: &[ArrayView3<'_, f32>],
    ) -> Result<(AnomalyMap, HeadTimes), HeadError> {
        self.anomaly_map_unless(levels, &Cancellation::new(), None)
    }

    /// Makes the anomaly map, and stops with an error as soon as `cancellation` is cancelled.
    /// The threads of `helpers` help the calling one, which must not be one of them.
    pub fn anomaly_map_unless(
        &self,
        levels: &[ArrayView3<'_, f32>],
        cancellation: &Cancellation,
        helpers: Option<&ThreadPool>,
    ) -> Result<(AnomalyMap, HeadTimes), HeadError> {
        let started = Instant::now();
        let descriptors = self.descriptors.for_picture(levels)?;
        let mut neighbors = Neighbors::default();
        let options = SearchOptions {
            cancellation,
            helpers,
            scratch: &self.scratch,
        };
        self.bank
            .nearest_into(&descriptors, self.neighbors, &options, &mut neighbors)?;
        let neighbors_ms = milliseconds_since(started);

        let started = Instant::now();
        let scores = softmin_scores(&neighbors).into_shape_with_order(self.descriptors.size());
        let scores = scores.map_err(|_shape| HeadError::Layout)?;
        let values = self.smoothing.apply(&scores)?;
        let map_ms = milliseconds_since(started);
        let times = HeadTimes {
            neighbors_ms,
            map_ms,
        };
        Ok((AnomalyMap { values }, times))
    }
}

/// Wall time since `started`, in milliseconds.
pub(crate) fn milliseconds_since(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests;
