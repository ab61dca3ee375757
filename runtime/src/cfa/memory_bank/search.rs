//! Exact search for the K nearest centroids, without the positions × centroids matrix.
//!
//! Tiles of positions are searched in parallel. Where the bank's principal axes are
//! known, lower bounds along them leave few centroids per position; otherwise, and
//! where they leave too many, each tile is multiplied with the whole bank. Both ways
//! end with the same direct differences and give the same bits.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use ndarray::ArrayRef2;
use pulp::{Arch, Simd, WithSimd};

use super::distance::squared_norm;
use super::neighbors::{DescriptorRows, Neighbors, NeighborsError};
use super::options::{SearchOptions, SearchScratch, TileScratch};
use super::plain::PlainTile;
use super::pruned::{PrunedTile, Unfinished};
use super::tile::{Found, TILE_ROWS};
use super::{MemoryBank, first_overflow};
use crate::cancellation::Cancellation;
use crate::invariant::BrokenInvariant;

/// After bounds have left too many centroids, two tiles are searched without; after the
/// next time eight, then thirty-two, up to this many. So a bank that defies bounds costs a few
/// tiles in vain, and one anomalous region of a picture does not slow down the rest.
const MOST_TILES_WITHOUT_BOUNDS: usize = 64;

/// The bounds are given up when the differences that they leave are more than this share of the
/// full product's multiplications. A difference costs about four times as much, so a tile that
/// is given up has cost half more. At a sixteenth, a picture with a large defect took 25 ms
/// instead of 10.
const LARGEST_SHARE: usize = 8;
/// The share until the bounds of one tile have held, because in some banks they never do.
const LARGEST_SHARE_AT_FIRST: usize = 16;

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
        let mut neighbors = Neighbors::default();
        let scratch = SearchScratch::default();
        let options = SearchOptions {
            cancellation: &Cancellation::new(),
            helpers: None,
            scratch: &scratch,
        };
        self.nearest_into(descriptors, k, &options, &mut neighbors)?;
        Ok(neighbors)
    }

    /// Finds the `k` nearest centroids of descriptors that are made as they are needed, and
    /// writes them into an array that is reused.
    pub fn nearest_into<R: DescriptorRows + ?Sized>(
        &self,
        descriptors: &R,
        k: usize,
        options: &SearchOptions<'_>,
        neighbors: &mut Neighbors,
    ) -> Result<(), NeighborsError> {
        self.nearest_on(Arch::new(), descriptors, k, options, neighbors)
    }

    /// Searches with the instructions of `arch`.
    pub(super) fn nearest_on<R: DescriptorRows + ?Sized>(
        &self,
        arch: Arch,
        descriptors: &R,
        k: usize,
        options: &SearchOptions<'_>,
        neighbors: &mut Neighbors,
    ) -> Result<(), NeighborsError> {
        self.check_count(k)?;
        self.check_channels(descriptors.channels())?;
        let (distances, numbers) = neighbors.resized(descriptors.positions(), k)?;
        let search = Search {
            arch,
            bank: self,
            descriptors,
            without_bounds: AtomicUsize::new(0),
            next_without_bounds: AtomicUsize::new(2),
            bounds_held: AtomicBool::new(false),
        };
        let length = TILE_ROWS * k;
        let tiles = distances
            .chunks_mut(length)
            .zip(numbers.chunks_mut(length))
            .map(|(distances, numbers)| Found::new(k, distances, numbers));
        let tiles = Mutex::new((0..).step_by(TILE_ROWS).zip(tiles));
        search.tiles(&tiles, options)
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

    fn check_channels(&self, descriptors: usize) -> Result<(), NeighborsError> {
        let bank = self.channels();
        if descriptors == bank {
            return Ok(());
        }
        Err(NeighborsError::Channels { descriptors, bank })
    }
}

/// The next of what several threads share.
fn next_of<T>(shared: &Mutex<impl Iterator<Item = T>>) -> Option<T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner).next()
}

struct Search<'a, R: ?Sized> {
    arch: Arch,
    bank: &'a MemoryBank,
    descriptors: &'a R,
    /// Tiles that are still to be searched without bounds.
    without_bounds: AtomicUsize,
    /// How many tiles are searched without bounds after they fail next.
    next_without_bounds: AtomicUsize,
    /// Whether those of any tile have held.
    bounds_held: AtomicBool,
}

impl<R: DescriptorRows + ?Sized> Search<'_, R> {
    /// Shares all tiles out; the error is the first position that is not finite.
    fn tiles<'f>(
        &self,
        tiles: &Mutex<impl Iterator<Item = (usize, Found<'f>)> + Send>,
        options: &SearchOptions<'_>,
    ) -> Result<(), NeighborsError> {
        let cancelled = || options.cancellation.is_cancelled();
        let first_failure = AtomicUsize::new(usize::MAX);
        let broken = OnceLock::new();
        options.share(&|| {
            let mut buffers = options.scratch.take();
            while let Some((first, found)) = next_of(tiles).filter(|_| !cancelled()) {
                match self.tile(first, found, &mut buffers) {
                    Ok(()) => {}
                    Err(TileFault::NotFinite { position }) => {
                        first_failure.fetch_min(position, Ordering::Relaxed);
                    }
                    Err(TileFault::Broken(invariant)) => {
                        broken.get_or_init(|| invariant);
                    }
                }
            }
            options.scratch.give_back(buffers);
        });
        if let Some(invariant) = broken.into_inner() {
            return Err(invariant.into());
        }
        match first_failure.into_inner() {
            _ if cancelled() => Err(NeighborsError::Cancelled),
            usize::MAX => Ok(()),
            position => Err(NeighborsError::NotFinite { position }),
        }
    }

    /// Fills the rows of one tile.
    fn tile(
        &self,
        first: usize,
        mut found: Found<'_>,
        scratch: &mut TileScratch,
    ) -> Result<(), TileFault> {
        let positions = found.positions();
        let TileScratch {
            rows,
            squared_norms,
            pruned,
            plain,
        } = scratch;
        rows.resize(positions * self.bank.channels(), 0.0);
        self.descriptors.fill(first, rows);
        self.arch.dispatch(RowNorms {
            rows,
            channels: self.bank.channels(),
            norms: squared_norms,
        });
        first_overflow(squared_norms.iter().copied()).map_err(|row| TileFault::NotFinite {
            position: first + row,
        })?;
        if let Some(axes) = self
            .bank
            .axes
            .as_ref()
            .filter(|_| self.tries_bounds(found.k))
        {
            let tile = PrunedTile {
                bank: self.bank,
                axes,
                rows,
                found: found.again(),
                budget: self.budget(positions),
                scratch: pruned,
            };
            match self.arch.dispatch(tile) {
                Ok(()) => {
                    self.bounds_held.store(true, Ordering::Relaxed);
                    return Ok(());
                }
                Err(Unfinished::TooMany) => self.put_off_bounds(),
                Err(Unfinished::Broken(invariant)) => return Err(TileFault::Broken(invariant)),
            }
        }
        let tile = PlainTile {
            bank: self.bank,
            rows,
            squared_norms,
            found,
            scratch: plain,
        };
        self.arch.dispatch(tile).map_err(TileFault::Broken)
    }

    /// Bounds pay where there are many more centroids than neighbours, and where they
    /// have not just failed. Trying them affects speed only, never the result.
    fn tries_bounds(&self, k: usize) -> bool {
        let one_less = |tiles: usize| tiles.checked_sub(1);
        let order = Ordering::Relaxed;
        let waits = self
            .without_bounds
            .fetch_update(order, order, one_less)
            .is_ok();
        !waits && self.bank.centroids() >= 16 * k
    }

    /// The number of multiplications for the differences that bounds may leave in a tile.
    fn budget(&self, positions: usize) -> usize {
        let held = self.bounds_held.load(Ordering::Relaxed);
        let share = if held {
            LARGEST_SHARE
        } else {
            LARGEST_SHARE_AT_FIRST
        };
        positions * self.bank.rows.len() / share
    }

    fn put_off_bounds(&self) {
        let tiles = self.next_without_bounds.load(Ordering::Relaxed);
        self.without_bounds.store(tiles, Ordering::Relaxed);
        let next = (4 * tiles).min(MOST_TILES_WITHOUT_BOUNDS);
        self.next_without_bounds.store(next, Ordering::Relaxed);
    }
}

/// Why a tile has no neighbours.
#[derive(Debug)]
enum TileFault {
    /// The first descriptor of the tile that is not finite.
    NotFinite { position: usize },
    /// A bug.
    Broken(BrokenInvariant),
}

struct RowNorms<'a> {
    rows: &'a [f32],
    channels: usize,
    norms: &'a mut Vec<f32>,
}

impl WithSimd for RowNorms<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.norms.clear();
        // No iterator adaptor: its closure would not be compiled for the vectors.
        for row in self.rows.chunks_exact(self.channels) {
            self.norms.push(squared_norm(simd, row));
        }
    }
}
