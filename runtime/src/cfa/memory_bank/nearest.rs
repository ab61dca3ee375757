//! Exact search for the K nearest centroids, without the positions × centroids matrix.
//!
//! Tiles of positions are searched in parallel. Where the bank's principal axes are
//! known, lower bounds along them leave few centroids per position; otherwise, and
//! where they leave too many, each tile is multiplied with the whole bank. Both ways
//! end with the same direct differences and give the same bits.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use ndarray::{Array2, ArrayRef2};
use pulp::{Arch, Simd, WithSimd};
use rayon::ThreadPool;

use super::distance::squared_norm;
use super::plain::{PlainScratch, PlainTile};
use super::pruned::{PrunedScratch, PrunedTile, Unfinished};
use super::{MemoryBank, first_overflow};
use crate::cancellation::Cancellation;
use crate::invariant::BrokenInvariant;

/// Positions searched together by one thread. Fixed, so that the result does not
/// depend on the number of threads.
pub(super) const TILE_ROWS: usize = 96;
/// After bounds have left too many centroids, two tiles are searched without; after the
/// next time eight, then thirty-two, up to this many. So a bank that defies bounds costs a few
/// tiles in vain, and one strange region of a picture does not slow down the rest.
const MOST_TILES_WITHOUT_BOUNDS: usize = 64;

/// The bounds are given up when the differences that they leave are more than this share of the
/// full product's multiplications. A difference costs about four times as much, so a tile that
/// is given up has cost half more. At a sixteenth, a picture with a large defect took 25 ms
/// instead of 10.
const LARGEST_SHARE: usize = 8;
/// The same until the bounds of one tile have held, because in some banks they never do.
const LARGEST_SHARE_AT_FIRST: usize = 16;

/// The K nearest centroids of each of P positions.
#[derive(Debug, Clone, Default, PartialEq)]
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
    /// A bug in this code.
    #[error(transparent)]
    Internal(#[from] BrokenInvariant),
}

/// The descriptors of a picture, made a few at a time.
pub trait DescriptorRows: Sync {
    /// How many there are.
    fn positions(&self) -> usize;
    /// The length of each.
    fn channels(&self) -> usize;
    /// Writes as many as `rows` holds, one after the other, from number `first` on.
    fn fill(&self, first: usize, rows: &mut [f32]);
}

impl DescriptorRows for ArrayRef2<f32> {
    fn positions(&self) -> usize {
        self.nrows()
    }

    fn channels(&self) -> usize {
        self.ncols()
    }

    fn fill(&self, first: usize, rows: &mut [f32]) {
        for (row, values) in rows.chunks_exact_mut(self.ncols()).enumerate() {
            for (value, &given) in values.iter_mut().zip(self.row(first + row)) {
                *value = given;
            }
        }
    }
}

/// Buffers of searches, kept so that a further search allocates nothing.
#[derive(Debug, Default)]
pub struct SearchScratch {
    threads: Mutex<Vec<TileScratch>>,
}

/// How a search is done.
#[derive(Debug, Clone, Copy)]
pub struct SearchOptions<'a> {
    /// Ends the search with an error when it is cancelled.
    pub cancellation: &'a Cancellation,
    /// Threads that help the calling one; `None` takes those of the pool that it is in.
    pub helpers: Option<&'a ThreadPool>,
    /// Buffers to use.
    pub scratch: &'a SearchScratch,
}

impl SearchOptions<'_> {
    /// Has several threads do `work`, which shares it out.
    ///
    /// The calling thread begins at once, the others join it when they are awake.
    fn share(&self, work: &(dyn Fn() + Sync)) {
        match self.helpers {
            Some(pool) => pool.in_place_scope(|scope| {
                with_helpers(scope, pool.current_num_threads() - 1, work);
            }),
            None => rayon::in_place_scope(|scope| {
                with_helpers(scope, rayon::current_num_threads() - 1, work);
            }),
        }
    }
}

#[derive(Debug, Default)]
struct TileScratch {
    rows: Vec<f32>,
    squared_norms: Vec<f32>,
    pruned: PrunedScratch,
    plain: PlainScratch,
}

/// Where the neighbours of a tile go.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) k: usize,
    distances: &'a mut [f32],
    numbers: &'a mut [u32],
}

impl<'a> Found<'a> {
    /// For `k` neighbours of each descriptor of a tile.
    pub(super) fn new(k: usize, distances: &'a mut [f32], numbers: &'a mut [u32]) -> Self {
        Self {
            k,
            distances,
            numbers,
        }
    }

    pub(super) fn row(&mut self, row: usize) -> (&mut [f32], &mut [u32]) {
        let places = row * self.k..(row + 1) * self.k;
        (
            &mut self.distances[places.clone()],
            &mut self.numbers[places],
        )
    }

    fn again(&mut self) -> Found<'_> {
        Found::new(self.k, self.distances, self.numbers)
    }
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

    /// The same for descriptors that are made as they are needed, into an array that is
    /// reused, as `options` say.
    pub fn nearest_into<R: DescriptorRows + ?Sized>(
        &self,
        descriptors: &R,
        k: usize,
        options: &SearchOptions<'_>,
        neighbors: &mut Neighbors,
    ) -> Result<(), NeighborsError> {
        self.nearest_on(Arch::new(), descriptors, k, options, neighbors)
    }

    /// The same with the instructions of `arch`.
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

fn with_helpers<'s>(scope: &rayon::Scope<'s>, helpers: usize, work: &'s (dyn Fn() + Sync)) {
    for _ in 0..helpers {
        scope.spawn(|_| work());
    }
    work();
}

/// The next of what several threads share.
fn next_of<T>(shared: &Mutex<impl Iterator<Item = T>>) -> Option<T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner).next()
}

impl Neighbors {
    /// The values of both, row by row.
    fn resized(
        &mut self,
        positions: usize,
        k: usize,
    ) -> Result<(&mut [f32], &mut [u32]), BrokenInvariant> {
        Ok((
            rows_of(&mut self.squared_distances, (positions, k))?,
            rows_of(&mut self.indices, (positions, k))?,
        ))
    }
}

/// All values of an array, which is made anew unless it has this shape and order.
fn rows_of<T: Clone + Default>(
    array: &mut Array2<T>,
    shape: (usize, usize),
) -> Result<&mut [T], BrokenInvariant> {
    if array.dim() != shape || !array.is_standard_layout() {
        *array = Array2::default(shape);
    }
    array
        .as_slice_mut()
        .ok_or(BrokenInvariant("a new array lies row by row"))
}

impl SearchScratch {
    fn take(&self) -> TileScratch {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.pop().unwrap_or_default()
    }

    fn give_back(&self, scratch: TileScratch) {
        self.threads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(scratch);
    }
}

struct Search<'a, R: ?Sized> {
    arch: Arch,
    bank: &'a MemoryBank,
    descriptors: &'a R,
    /// Tiles that are still to be searched without bounds.
    without_bounds: AtomicUsize,
    /// The same after the next time that bounds fail.
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
        let positions = found.numbers.len() / found.k;
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
    /// have not just failed. Whether they are tried changes the time, not the result.
    fn tries_bounds(&self, k: usize) -> bool {
        let one_less = |tiles: usize| tiles.checked_sub(1);
        let order = Ordering::Relaxed;
        let waits = self
            .without_bounds
            .fetch_update(order, order, one_less)
            .is_ok();
        !waits && self.bank.centroids() >= 16 * k
    }

    /// Of the differences that bounds may leave in a tile.
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
