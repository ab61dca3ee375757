//! The K nearest of a tile of positions by lower bounds: few distances are computed in full.

use ndarray::{ArrayViewMut2, linalg::general_mat_mul};
use pulp::{Simd, WithSimd};

use super::MemoryBank;
use super::axes::BankAxes;
use super::bounds::{GROUP, Group, at_least, bounds, promising};
use super::distance::{squared_distance, squared_norm};
use super::k_nearest::Nearest;
use super::rounding::{first_bound_error, product_error, sum_error};
use super::second_bounds::SecondBounds;
use super::tile::{Found, TILE_ROWS};
use crate::invariant::BrokenInvariant;
use crate::row_major::row_major_view;

/// Buffers of one search, kept between searches.
#[derive(Debug, Default)]
pub(super) struct PrunedScratch {
    centred: Vec<f32>,
    heads: Vec<f32>,
    /// Group by group, axis by axis.
    queries: Vec<Group>,
    /// The least and the most that the norm of the rest may be, rounding allowed for.
    tails: Vec<[f32; 2]>,
    norms: Vec<f32>,
    values: Vec<f32>,
    candidates: Vec<u32>,
    promising: Vec<(f32, u32)>,
    refined: Vec<(f32, u32)>,
}

/// Why a tile was not searched to its end.
#[derive(Debug)]
pub(super) enum Unfinished {
    /// The bounds left too many centroids.
    TooMany,
    /// A bug.
    Broken(BrokenInvariant),
}

impl From<BrokenInvariant> for Unfinished {
    fn from(broken: BrokenInvariant) -> Self {
        Self::Broken(broken)
    }
}

pub(super) struct PrunedTile<'a> {
    pub(super) bank: &'a MemoryBank,
    pub(super) axes: &'a BankAxes,
    /// One descriptor after the other.
    pub(super) rows: &'a [f32],
    pub(super) found: Found<'a>,
    /// How many multiplications of differences may follow the first bounds.
    pub(super) budget: usize,
    pub(super) scratch: &'a mut PrunedScratch,
}

impl WithSimd for PrunedTile<'_> {
    type Output = Result<(), Unfinished>;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) -> Self::Output {
        let positions = row_major_view(self.bank.channels(), self.rows)?.nrows();
        self.turn(simd, positions)?;
        let depth = self.axes.counts.first + 1;
        let places = self.axes.places();
        self.scratch.values.resize(GROUP * places, 0.0);
        let mut budget = self.budget;
        for first in (0..positions).step_by(GROUP) {
            let queries = &self.scratch.queries[first / GROUP * depth..][..depth];
            bounds(simd, self.axes, queries, &mut self.scratch.values);
            for row in first..positions.min(first + GROUP) {
                self.search(simd, row, row - first, &mut budget)?;
            }
        }
        Ok(())
    }
}

impl PrunedTile<'_> {
    /// Fills `heads`, `queries`, `tails` and `norms`.
    #[inline(always)]
    fn turn<S: Simd>(&mut self, simd: S, positions: usize) -> Result<(), BrokenInvariant> {
        let scratch = &mut *self.scratch;
        let first = self.axes.counts.first;
        scratch.queries.clear();
        scratch
            .queries
            .resize(TILE_ROWS.div_ceil(GROUP) * (first + 1), [0.0; GROUP]);
        scratch.tails.clear();
        scratch.norms.clear();
        self.axes
            .project(self.rows, &mut scratch.centred, &mut scratch.heads)?;
        for row in 0..positions {
            let turned = self.turned(simd, row);
            self.keep(simd, row, &turned);
        }
        Ok(())
    }

    /// One position on the axes.
    #[inline(always)]
    fn turned<S: Simd>(&self, simd: S, row: usize) -> Turned {
        let channels = self.bank.channels();
        let head = squared_norm(simd, self.head(row));
        if self.axes.projection.is_some() {
            let centred = &self.scratch.centred[row * channels..][..channels];
            let whole = squared_norm(simd, centred);
            let error = 2.0 * (sum_error::<S>(channels) + product_error(channels)) * whole;
            let left = whole - head;
            let tail = [left - error, left + error].map(|squared| squared.max(0.0));
            return Turned { tail, whole };
        }
        let descriptor = &self.rows[row * channels..][..channels];
        let left = squared_norm(simd, &descriptor[self.axes.counts.second..]);
        Turned {
            tail: [left, left],
            whole: head + left,
        }
    }

    #[inline(always)]
    fn keep<S: Simd>(&mut self, simd: S, row: usize, turned: &Turned) {
        let first = self.axes.counts.first;
        let [least, most] = turned.tail;
        // A longer rest makes a weaker bound.
        let error = sum_error::<S>(self.bank.channels());
        let rest = (most + squared_norm(simd, &self.head(row)[first..])).sqrt();
        let rest = rest * (1.0 + error);
        for axis in 0..=first {
            let value = if axis < first {
                self.head(row)[axis]
            } else {
                rest
            };
            self.scratch.queries[row / GROUP * (first + 1) + axis][row % GROUP] = value;
        }
        let tail = [least.sqrt() * (1.0 - error), most.sqrt() * (1.0 + error)];
        self.scratch.tails.push(tail);
        self.scratch.norms.push(turned.whole.sqrt());
    }

    /// Coordinates of a position on the `second` axes.
    #[inline(always)]
    fn head(&self, row: usize) -> &[f32] {
        let second = self.axes.counts.second;
        match self.axes.projection {
            Some(_) => &self.scratch.heads[row * second..][..second],
            None => &self.rows[row * self.bank.channels()..][..second],
        }
    }

    /// The K nearest of one position, whose bounds are row `group_row` of `values`.
    #[inline(always)]
    fn search<S: Simd>(
        &mut self,
        simd: S,
        row: usize,
        group_row: usize,
        budget: &mut usize,
    ) -> Result<(), Unfinished> {
        let (k, channels) = (self.found.k, self.bank.channels());
        let places = self.axes.places();
        let descriptor = &self.rows[row * channels..][..channels];
        let values = group_row * places..(group_row + 1) * places;
        let scratch = &mut *self.scratch;
        promising(
            simd,
            &scratch.values[values.clone()],
            k,
            &mut scratch.promising,
        );
        let mut nearest = Nearest::new(self.found.row(row));
        for &(value, centroid) in &scratch.promising {
            if value > f32::NEG_INFINITY {
                let distance = squared_distance(simd, descriptor, self.bank.row(centroid));
                nearest.insert(distance, centroid);
            }
        }
        if nearest.count < k {
            return Err(Unfinished::TooMany);
        }
        let sum = sum_error::<S>(channels);
        let limit = nearest.limit(sum);
        let least = self.least_value(row, limit, sum);
        let scratch = &mut *self.scratch;
        at_least(
            simd,
            &scratch.values[values],
            least,
            &mut scratch.candidates,
        );
        spend(budget, scratch.candidates.len() * self.axes.counts.second)?;
        self.refine(simd, row, limit);
        spend(budget, self.scratch.refined.len() * channels)?;
        self.finish(simd, row);
        Ok(())
    }

    /// The least value of a centroid that may be within `limit`:
    /// `|φ − c|² ≥ |φ|² − 2 · value`, with rounding on the safe side.
    #[inline(always)]
    fn least_value(&self, row: usize, limit: f32, sum: f32) -> f32 {
        let norm = self.scratch.norms[row];
        let largest = self.largest_norm(row);
        let error = first_bound_error(self.axes.counts.first, sum) + self.projected_error();
        0.5 * (norm * norm - limit) - error * largest * largest
    }

    /// The larger of a descriptor's and all centroids' lengths.
    #[inline(always)]
    fn largest_norm(&self, row: usize) -> f32 {
        self.scratch.norms[row].max(self.axes.largest_norm)
    }

    /// How far a descriptor's coordinates may be from those on exact axes, of its length.
    #[inline(always)]
    fn projected_error(&self) -> f32 {
        match self.axes.projection {
            Some(_) => product_error(self.bank.channels()),
            None => 0.0,
        }
    }

    /// Bounds the candidates along the `second` axes; those within `limit` remain, the
    /// best first.
    #[inline(always)]
    fn refine<S: Simd>(&mut self, simd: S, row: usize, limit: f32) {
        let mut refined = std::mem::take(&mut self.scratch.refined);
        refined.clear();
        let bounds = SecondBounds {
            axes: self.axes,
            head: self.head(row),
            tail: self.scratch.tails[row],
            slack: self.slack(row, limit),
            limit,
        };
        bounds.keep_all(simd, &self.scratch.candidates, &mut refined);
        refined.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        self.scratch.refined = refined;
    }

    /// How much of a squared distance within `limit` lies in the rounding of coordinates and of
    /// the axes themselves.
    #[inline(always)]
    fn slack(&self, row: usize, limit: f32) -> f32 {
        let largest = self.largest_norm(row);
        2.0 * self.projected_error() * (limit.sqrt() * largest + limit)
    }

    /// Computes distances until the bounds exceed the K-th.
    #[inline(always)]
    fn finish<S: Simd>(&mut self, simd: S, row: usize) {
        let (k, channels) = (self.found.k, self.bank.channels());
        let descriptor = &self.rows[row * channels..][..channels];
        let mut nearest = Nearest::new(self.found.row(row));
        nearest.count = k;
        let sum = sum_error::<S>(channels);
        for &(bound, centroid) in &self.scratch.refined {
            if bound > nearest.limit(sum) {
                break;
            }
            let mut known = self.scratch.promising.iter();
            if known.any(|&(_, known)| known == centroid) {
                continue;
            }
            let distance = squared_distance(simd, descriptor, self.bank.row(centroid));
            nearest.insert(distance, centroid);
        }
    }
}

/// A position on the axes, in squares.
struct Turned {
    /// The least and the most that the norm beyond the `second` axes may be.
    tail: [f32; 2],
    whole: f32,
}

#[inline(always)]
fn spend(budget: &mut usize, differences: usize) -> Result<(), Unfinished> {
    *budget = budget.checked_sub(differences).ok_or(Unfinished::TooMany)?;
    Ok(())
}

impl BankAxes {
    /// Where there is a projection: the centred descriptors, and their coordinates on
    /// the `second` axes, row by row.
    fn project(
        &self,
        rows: &[f32],
        centred: &mut Vec<f32>,
        heads: &mut Vec<f32>,
    ) -> Result<(), BrokenInvariant> {
        let Some(projection) = &self.projection else {
            return Ok(());
        };
        let (channels, second) = (projection.origin.len(), self.counts.second);
        let positions = rows.len() / channels;
        centred.clear();
        for row in rows.chunks_exact(channels) {
            centred.extend(row.iter().zip(&projection.origin).map(|(x, o)| x - o));
        }
        heads.resize(positions * second, 0.0);
        let centred = row_major_view(channels, centred)?;
        let mut heads = ArrayViewMut2::from_shape((positions, second), &mut heads[..])
            .map_err(|_shape| BrokenInvariant("a tile has one head for each descriptor"))?;
        general_mat_mul(1.0, &centred, &projection.axes.t(), 0.0, &mut heads);
        Ok(())
    }
}
