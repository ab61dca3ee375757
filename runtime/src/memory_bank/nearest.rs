//! Exact search for the K nearest centroids, without the positions × centroids matrix.
//!
//! Tiles of positions are searched in parallel, each against blocks of centroids.
//! A matrix product orders the centroids by `|c|² − 2 φ·c`, which differs from
//! the squared distance by `|φ|²` only. The few that may be among the K nearest
//! get their distance from direct differences: the sum of squares cannot cancel
//! below zero, as `|φ|² + |c|² − 2 φ·c` does close to a centroid.

use std::sync::atomic::{AtomicBool, Ordering};

use ndarray::parallel::prelude::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use ndarray::{Array2, ArrayRef2, ArrayViewMut2, Axis, Slice, linalg::general_mat_mul};

use super::{
    MemoryBank, first_overflow, row_slices,
    shortlist::{Shortlist, comparison_margin},
    squared_norm,
};

/// Positions searched together by one thread. Fixed, so that the result does not
/// depend on the number of threads.
const TILE_ROWS: usize = 128;
/// Centroids per product: a block and its products stay in the core's own cache.
const BLOCK_CENTROIDS: usize = 512;
/// Independent sums per distance, so that they run side by side.
const LANES: usize = 8;

/// The K nearest centroids of each of P positions.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbors {
    /// `P × K` squared Euclidean distances, ascending along a row, never below 0.
    pub squared_distances: Array2<f32>,
    /// `P × K` numbers of the centroids; of equal distances the smaller number comes first.
    pub indices: Array2<u32>,
}

/// Why no neighbours can be given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NeighborsError {
    /// More neighbours asked for than there are centroids, or none.
    #[error(
        "{k} nearest neighbours cannot be taken from {centroids} centroids; ask for 1 to {centroids}"
    )]
    Count {
        /// Neighbours asked for.
        k: usize,
        /// Centroids in the bank.
        centroids: usize,
    },
    /// Descriptors and centroids differ in length.
    #[error(
        "descriptors have {descriptors} channels where the memory bank has {bank}; the network and the bank are not of the same model"
    )]
    Channels {
        /// Columns of the descriptors.
        descriptors: usize,
        /// Columns of the bank.
        bank: usize,
    },
    /// A descriptor holds NaN, an infinity, or values so large that distances overflow.
    #[error(
        "the descriptor of position {position} is not finite or overflows; check the picture and the network's weights"
    )]
    NotFinite {
        /// Row of the descriptors, counted row by row over the feature map.
        position: usize,
    },
    /// The search was stopped on request.
    #[error("the search for the nearest centroids was cancelled")]
    Cancelled,
}

impl MemoryBank {
    /// The `k` centroids nearest to each row of `descriptors` (`P × D`, any strides).
    ///
    /// Exact: no approximation beyond the rounding of the distances themselves.
    /// Runs in the current rayon pool; the result is the same, bit for bit, for
    /// any number of threads. Rows with NaN or infinities are an error.
    pub fn nearest(
        &self,
        descriptors: &ArrayRef2<f32>,
        k: usize,
    ) -> Result<Neighbors, NeighborsError> {
        self.nearest_unless(descriptors, k, &AtomicBool::new(false))
    }

    /// The same, given up with an error as soon as `cancelled` is seen to be true.
    pub fn nearest_unless(
        &self,
        descriptors: &ArrayRef2<f32>,
        k: usize,
        cancelled: &AtomicBool,
    ) -> Result<Neighbors, NeighborsError> {
        self.check_query(descriptors, k)?;
        let positions = descriptors.nrows();
        let mut squared_distances = Array2::zeros((positions, k));
        let mut indices = Array2::zeros((positions, k));
        let tiles = descriptors
            .axis_chunks_iter(Axis(0), TILE_ROWS)
            .into_par_iter()
            .zip(squared_distances.axis_chunks_iter_mut(Axis(0), TILE_ROWS))
            .zip(indices.axis_chunks_iter_mut(Axis(0), TILE_ROWS));
        let searched: Vec<Result<(), usize>> = tiles
            .map(|((tile, distances), indices)| {
                if cancelled.load(Ordering::Relaxed) {
                    return Ok(());
                }
                self.search_tile(&tile, distances, indices)
            })
            .collect();
        if cancelled.load(Ordering::Relaxed) {
            return Err(NeighborsError::Cancelled);
        }
        for (tile, result) in searched.into_iter().enumerate() {
            result.map_err(|row| NeighborsError::NotFinite {
                position: tile * TILE_ROWS + row,
            })?;
        }
        Ok(Neighbors {
            squared_distances,
            indices,
        })
    }

    /// Whether `k` neighbours can be taken from this bank.
    pub(crate) fn check_count(&self, k: usize) -> Result<(), NeighborsError> {
        if (1..=self.centroids()).contains(&k) {
            return Ok(());
        }
        Err(NeighborsError::Count {
            k,
            centroids: self.centroids(),
        })
    }

    fn check_query(&self, descriptors: &ArrayRef2<f32>, k: usize) -> Result<(), NeighborsError> {
        self.check_count(k)?;
        if descriptors.ncols() == self.channels() {
            return Ok(());
        }
        Err(NeighborsError::Channels {
            descriptors: descriptors.ncols(),
            bank: self.channels(),
        })
    }

    /// Fills the rows of one tile; the error is the first row that is not finite.
    fn search_tile(
        &self,
        tile: &ArrayRef2<f32>,
        mut distances: ArrayViewMut2<'_, f32>,
        mut indices: ArrayViewMut2<'_, u32>,
    ) -> Result<(), usize> {
        let tile = tile.as_standard_layout().into_owned();
        let norms: Vec<f32> = row_slices(&tile).map(squared_norm).collect();
        first_overflow(norms.iter().copied())?;
        let mut shortlists: Vec<Shortlist> = norms
            .iter()
            .map(|norm| comparison_margin(self.channels(), norm.sqrt(), self.largest_norm))
            .map(|margin| Shortlist::new(distances.ncols(), margin))
            .collect();
        self.fill_shortlists(&tile, &mut shortlists);
        let found = row_slices(&tile).zip(&shortlists);
        for (row, (descriptor, shortlist)) in found.enumerate() {
            let ranked = self.ranked(descriptor, shortlist, distances.ncols());
            for (place, (distance, centroid)) in ranked.enumerate() {
                distances[[row, place]] = distance;
                indices[[row, place]] = centroid;
            }
        }
        Ok(())
    }

    fn fill_shortlists(&self, tile: &Array2<f32>, shortlists: &mut [Shortlist]) {
        let mut products = Array2::zeros((tile.nrows(), BLOCK_CENTROIDS.min(self.centroids())));
        let blocks = self.rows.axis_chunks_iter(Axis(0), BLOCK_CENTROIDS);
        let norms = self.squared_norms.as_slice().unwrap_or_default();
        for (block, (centroids, norms)) in blocks.zip(norms.chunks(BLOCK_CENTROIDS)).enumerate() {
            let mut used = products.slice_axis_mut(Axis(1), Slice::from(..centroids.nrows()));
            general_mat_mul(-2.0, tile, &centroids.t(), 0.0, &mut used);
            for (shortlist, row) in shortlists.iter_mut().zip(row_slices(&products)) {
                shortlist.offer(block * BLOCK_CENTROIDS, row, norms);
            }
        }
    }

    /// The shortlisted centroids by their true distance, nearest first, K of them.
    fn ranked(
        &self,
        descriptor: &[f32],
        shortlist: &Shortlist,
        k: usize,
    ) -> impl Iterator<Item = (f32, u32)> {
        let channels = self.channels();
        let values = self.rows.as_slice().unwrap_or_default();
        let mut ranked: Vec<(f32, u32)> = shortlist
            .centroids()
            .map(|centroid| {
                let row = &values[centroid as usize * channels..][..channels];
                (squared_distance(descriptor, row), centroid)
            })
            .collect();
        ranked.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        ranked.into_iter().take(k)
    }
}

/// `Σ (aᵢ − bᵢ)²` in `f64`, rounded once: exact to the last bit or so of `f32`.
fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    let square = |(a, b): (&f32, &f32)| {
        let difference = f64::from(*a) - f64::from(*b);
        difference * difference
    };
    let (a_lanes, a_rest) = a.as_chunks::<LANES>();
    let (b_lanes, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0_f64; LANES];
    for (a, b) in a_lanes.iter().zip(b_lanes) {
        for (sum, pair) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += square(pair);
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(square).sum();
    (sums.iter().sum::<f64>() + rest) as f32
}
