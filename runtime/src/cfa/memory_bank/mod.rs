//! The memory bank: what normal patches look like, as `M` centroids of `D` channels.

mod axes;
mod bounds;
mod distance;
mod drift;
mod k_nearest;
mod neighbors;
mod options;
mod plain;
mod pruned;
mod rounding;
mod search;
mod second_bounds;
mod shortlist;
mod tile;

pub use axes::{BoundingAxes, Projection};
pub use neighbors::{DescriptorRows, Neighbors, NeighborsError};
pub use options::{SearchOptions, SearchScratch};

use axes::BankAxes;

use ndarray::{Array2, ArrayView2};

use crate::invariant::BrokenInvariant;
use crate::row_major::RowMajor;

/// Squared norms above this are refused: sums of two such numbers and their
/// products stay finite in `f32` below it.
const LARGEST_SQUARED_NORM: f32 = f32::MAX / 16.0;

/// `M × D` centroids, row-major `f32`, with their squared norms.
#[derive(Debug, Clone)]
pub struct MemoryBank {
    rows: RowMajor,
    squared_norms: Vec<f32>,
    largest_norm: f32,
    axes: Option<BankAxes>,
}

/// Why a matrix cannot serve as a memory bank.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryBankError {
    /// The matrix has no rows or no columns.
    #[error(
        "the memory bank is empty ({centroids} centroids of {channels} channels); train the model again"
    )]
    Empty {
        /// Rows of the matrix.
        centroids: usize,
        /// Columns of the matrix.
        channels: usize,
    },
    /// Shape and number of values do not fit together.
    #[error(
        "the memory bank has {values} values where {centroids} centroids of {channels} channels are declared"
    )]
    Shape {
        /// Declared rows.
        centroids: usize,
        /// Declared columns.
        channels: usize,
        /// Values that were given.
        values: usize,
    },
    /// A centroid holds NaN, an infinity, or values so large that distances overflow.
    #[error(
        "centroid {centroid} of the memory bank is not finite or overflows; train the model again"
    )]
    NotFinite {
        /// Row of the matrix.
        centroid: usize,
    },
    /// More axes than the centroids have channels, or axes of another length.
    #[error(
        "distances cannot be bounded along {first} and {second} axes of {channels} channels; the first must be at least 1, the second from there to the number of channels"
    )]
    Axes {
        /// Axes of the first bound.
        first: usize,
        /// Axes of the second bound.
        second: usize,
        /// Columns of the bank.
        channels: usize,
    },
    /// A bug in this code.
    #[error(transparent)]
    Internal(#[from] BrokenInvariant),
}

impl MemoryBank {
    /// Takes `M × D` centroids of any memory layout.
    ///
    /// Refuses an empty matrix, and values that are not finite or whose squared
    /// norm overflows `f32`.
    pub fn new(rows: Array2<f32>) -> Result<Self, MemoryBankError> {
        let (centroids, channels) = rows.dim();
        let empty = MemoryBankError::Empty {
            centroids,
            channels,
        };
        if centroids == 0 || u32::try_from(centroids).is_err() {
            return Err(empty);
        }
        let rows = RowMajor::from_array(rows).ok_or(empty)?;
        let squared_norms: Vec<f32> = rows.rows().map(squared_norm).collect();
        let largest = first_overflow(squared_norms.iter().copied())
            .map_err(|centroid| MemoryBankError::NotFinite { centroid })?;
        Ok(Self {
            rows,
            squared_norms,
            largest_norm: largest.sqrt(),
            axes: None,
        })
    }

    /// Makes the search faster by bounds along the leading axes.
    ///
    /// Centroids and descriptors must be given on orthonormal axes, those first along which the
    /// centroids spread most. Other axes affect speed only, never the neighbours.
    pub fn with_leading_axes(self, counts: BoundingAxes) -> Result<Self, MemoryBankError> {
        self.check_axes(counts, self.channels())?;
        let axes = BankAxes::leading(&self.rows, counts);
        Ok(Self {
            axes: Some(axes),
            ..self
        })
    }

    /// Makes the search faster by turning descriptors onto the axes of `projection`. This is for
    /// descriptors that cannot be given on these axes, as in training.
    pub fn with_projection(
        self,
        counts: BoundingAxes,
        projection: Projection,
    ) -> Result<Self, MemoryBankError> {
        self.check_axes(counts, projection.origin.len())?;
        if projection.axes.dim() != (counts.second, self.channels()) {
            return Err(self.axes_error(counts));
        }
        let axes = BankAxes::projected(&self.rows.view()?, counts, projection);
        Ok(Self {
            axes: Some(axes),
            ..self
        })
    }

    fn check_axes(&self, counts: BoundingAxes, channels: usize) -> Result<(), MemoryBankError> {
        let BoundingAxes { first, second } = counts;
        let fits = 1 <= first && first <= second && second <= self.channels();
        if fits && channels == self.channels() {
            return Ok(());
        }
        Err(self.axes_error(counts))
    }

    fn axes_error(&self, BoundingAxes { first, second }: BoundingAxes) -> MemoryBankError {
        MemoryBankError::Axes {
            first,
            second,
            channels: self.channels(),
        }
    }

    /// Makes a bank from a row-major list of `centroids · channels` values, for
    /// callers with another version of `ndarray`.
    pub fn from_values(
        (centroids, channels): (usize, usize),
        values: Vec<f32>,
    ) -> Result<Self, MemoryBankError> {
        let count = values.len();
        let rows = Array2::from_shape_vec((centroids, channels), values).map_err(|_shape| {
            MemoryBankError::Shape {
                centroids,
                channels,
                values: count,
            }
        })?;
        Self::new(rows)
    }

    /// `M`, the number of centroids, at least 1.
    #[must_use]
    pub fn centroids(&self) -> usize {
        self.rows.nrows()
    }

    /// `D`, the number of descriptor channels, at least 1.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.rows.ncols()
    }

    /// The `M × D` centroids, row-major.
    pub fn rows(&self) -> Result<ArrayView2<'_, f32>, BrokenInvariant> {
        self.rows.view()
    }

    /// The `D` values of one centroid; panics for a number that no search of this bank gives.
    #[must_use]
    pub fn row(&self, centroid: u32) -> &[f32] {
        self.rows.row(centroid as usize)
    }
}

/// `Σ xᵢ²`, summed in `f64`, so that it is right to one rounding.
fn squared_norm(row: &[f32]) -> f32 {
    row.iter()
        .map(|&x| f64::from(x) * f64::from(x))
        .sum::<f64>() as f32
}

/// The largest of the squared norms, or the position of the first that is NaN
/// or too large to compute with.
fn first_overflow(squared_norms: impl Iterator<Item = f32>) -> Result<f32, usize> {
    let mut largest = 0.0_f32;
    for (position, value) in squared_norms.enumerate() {
        if value.is_nan() || value > LARGEST_SQUARED_NORM {
            return Err(position);
        }
        largest = largest.max(value);
    }
    Ok(largest)
}

#[cfg(test)]
mod tests;
