//! A matrix whose rows lie one after the other in memory.

use std::slice::ChunksExact;

use ndarray::{Array2, ArrayView2};

use crate::invariant::BrokenInvariant;

/// A matrix with at least one column, whose values always lie in one slice, row by row.
///
/// `ndarray` gives the slice of an array only when its strides allow, and so each use would
/// have to handle an array without one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RowMajor {
    columns: usize,
    /// `rows × columns`.
    values: Vec<f32>,
}

impl RowMajor {
    /// The values of an array of any strides; `None` for an array without columns.
    pub(crate) fn from_array(array: Array2<f32>) -> Option<Self> {
        let columns = array.ncols();
        let values = if array.is_standard_layout() {
            let length = array.len();
            let (mut values, offset) = array.into_raw_vec_and_offset();
            values.drain(..offset.unwrap_or(0));
            values.truncate(length);
            values
        } else {
            array.iter().copied().collect()
        };
        (columns > 0).then_some(Self { columns, values })
    }

    pub(crate) fn nrows(&self) -> usize {
        self.values.len() / self.columns
    }

    pub(crate) fn ncols(&self) -> usize {
        self.columns
    }

    /// Number of values.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// All values, row by row.
    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }

    /// One row; panics beyond the last.
    pub(crate) fn row(&self, number: usize) -> &[f32] {
        &self.values[number * self.columns..][..self.columns]
    }

    /// The rows from the first to the last.
    pub(crate) fn rows(&self) -> ChunksExact<'_, f32> {
        self.values.chunks_exact(self.columns)
    }

    /// The matrix for `ndarray`.
    pub(crate) fn view(&self) -> Result<ArrayView2<'_, f32>, BrokenInvariant> {
        row_major_view(self.columns, &self.values)
    }
}

/// Values that lie row by row, for `ndarray`.
pub(crate) fn row_major_view(
    columns: usize,
    values: &[f32],
) -> Result<ArrayView2<'_, f32>, BrokenInvariant> {
    const WHOLE_ROWS: BrokenInvariant = BrokenInvariant("a matrix consists of whole rows");
    // `ndarray` takes a slice that is longer than the shape needs.
    if columns == 0 || !values.len().is_multiple_of(columns) {
        return Err(WHOLE_ROWS);
    }
    let shape = (values.len() / columns, columns);
    ArrayView2::from_shape(shape, values).map_err(|_shape| WHOLE_ROWS)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]

    use std::ops::Range;

    use ndarray::{Axis, array};

    use super::*;

    #[test]
    fn values_lie_row_by_row_whatever_the_strides_were() {
        let array = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]];
        let expected = [4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
        let rows = |range: Range<usize>| array.clone().slice_axis_move(Axis(0), range.into());
        let cut = rows(1..3);
        assert_eq!(RowMajor::from_array(cut).unwrap().values(), expected);
        let short = rows(0..1);
        assert_eq!(
            RowMajor::from_array(short).unwrap().values(),
            [1.0, 2.0, 3.0]
        );
        let turned = RowMajor::from_array(array.clone().reversed_axes()).unwrap();
        assert_eq!(turned.row(1), [2.0, 5.0, 8.0]);
        assert_eq!(turned.view().unwrap(), array.t());
        assert!(RowMajor::from_array(Array2::zeros((3, 0))).is_none());
    }

    #[test]
    fn values_that_make_no_whole_rows_are_an_error() {
        assert!(row_major_view(2, &[0.0; 3]).is_err());
        assert!(row_major_view(0, &[]).is_err());
        assert_eq!(row_major_view(2, &[0.0; 4]).unwrap().dim(), (2, 2));
    }
}
