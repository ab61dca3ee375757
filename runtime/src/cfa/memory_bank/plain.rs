//! The K nearest of a tile of positions by the full product with the bank.
//!
//! The product orders the centroids by `|c|² − 2 φ·c`, which differs from the squared
//! distance by `|φ|²` only. The few that may be among the K nearest get their distance
//! from direct differences: that sum of squares cannot cancel below zero, as
//! `|φ|² + |c|² − 2 φ·c` does close to a centroid.

use ndarray::{ArrayViewMut2, linalg::general_mat_mul};
use pulp::{Simd, WithSimd};

use super::MemoryBank;
use super::distance::squared_distance;
use super::k_nearest::Nearest;
use super::rounding::sum_error;
use super::shortlist::{Shortlist, comparison_margin};
use super::tile::Found;
use crate::invariant::BrokenInvariant;
use crate::row_major::row_major_view;

/// Centroids per product: a block and its products stay in the core's own cache.
const BLOCK_CENTROIDS: usize = 512;

/// Buffers of one search, kept between searches.
#[derive(Debug, Default)]
pub(super) struct PlainScratch {
    products: Vec<f32>,
    shortlists: Vec<Shortlist>,
}

pub(super) struct PlainTile<'a> {
    pub(super) bank: &'a MemoryBank,
    /// One descriptor after the other.
    pub(super) rows: &'a [f32],
    /// `|φ|²` of each.
    pub(super) squared_norms: &'a [f32],
    pub(super) found: Found<'a>,
    pub(super) scratch: &'a mut PlainScratch,
}

impl WithSimd for PlainTile<'_> {
    type Output = Result<(), BrokenInvariant>;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) -> Self::Output {
        self.start_shortlists(sum_error::<S>(self.bank.channels()));
        self.fill_shortlists()?;
        let channels = self.bank.channels();
        let descriptors = self.rows.chunks_exact(channels).enumerate();
        for ((row, descriptor), shortlist) in descriptors.zip(&self.scratch.shortlists) {
            let mut nearest = Nearest::new(self.found.row(row));
            for centroid in shortlist.centroids() {
                let distance = squared_distance(simd, descriptor, self.bank.row(centroid));
                nearest.insert(distance, centroid);
            }
        }
        Ok(())
    }
}

impl PlainTile<'_> {
    fn start_shortlists(&mut self, sum: f32) {
        let (bank, k) = (self.bank, self.found.k);
        let lists = &mut self.scratch.shortlists;
        lists.resize_with(self.squared_norms.len(), Shortlist::default);
        for (list, norm) in lists.iter_mut().zip(self.squared_norms) {
            let norm = norm.sqrt() * (1.0 + sum);
            let margin = comparison_margin(bank.channels(), sum, norm, bank.largest_norm);
            list.restart(k, margin);
        }
    }

    fn fill_shortlists(&mut self) -> Result<(), BrokenInvariant> {
        let (positions, channels) = (self.squared_norms.len(), self.bank.channels());
        let PlainScratch {
            products,
            shortlists,
        } = &mut *self.scratch;
        let tile = row_major_view(channels, self.rows)?;
        if tile.nrows() != positions {
            return Err(BrokenInvariant("a tile has one norm for each descriptor"));
        }
        let blocks = self.bank.rows.values().chunks(BLOCK_CENTROIDS * channels);
        let norms = self.bank.squared_norms.chunks(BLOCK_CENTROIDS);
        for (block, (centroids, norms)) in blocks.zip(norms).enumerate() {
            let centroids = row_major_view(channels, centroids)?;
            products.resize(positions * norms.len(), 0.0);
            let mut into = ArrayViewMut2::from_shape((positions, norms.len()), &mut products[..])
                .map_err(|_shape| {
                BrokenInvariant("a block has one product for each centroid")
            })?;
            general_mat_mul(-2.0, &tile, &centroids.t(), 0.0, &mut into);
            for (list, row) in shortlists
                .iter_mut()
                .zip(products.chunks_exact(norms.len()))
            {
                list.offer(block * BLOCK_CENTROIDS, row, norms);
            }
        }
        Ok(())
    }
}
