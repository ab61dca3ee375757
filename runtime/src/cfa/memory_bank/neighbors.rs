//! What a search is asked for, and what it answers.

use ndarray::{Array2, ArrayRef2};

use crate::invariant::BrokenInvariant;

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

impl Neighbors {
    /// The values of both, row by row.
    pub(super) fn resized(
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
