//! A tile: the positions that are searched together.

/// Positions searched together by one thread. Fixed, so that the result does not
/// depend on the number of threads.
pub(super) const TILE_ROWS: usize = 96;

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

    /// How many positions the tile has.
    pub(super) fn positions(&self) -> usize {
        self.numbers.len() / self.k
    }

    /// Lends the place to a first try.
    pub(super) fn again(&mut self) -> Found<'_> {
        Found::new(self.k, self.distances, self.numbers)
    }
}
