//! An axis that follows the descriptors.
//!
//! While a model is trained, its descriptors may drift away from the bank, all of them
//! in about the same direction. Their norm beyond the bank's axes is large then, and the
//! bounds, which know no more of it, are weak. One axis in that direction repairs them.

use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::ParallelSlice;

use super::MemoryBank;
use super::axes::{BankAxes, Projection};
use crate::row_major::RowMajor;

/// A direction of which the other axes leave less than this share has none of its own.
const LEAST_SHARE: f64 = 1e-3;

impl MemoryBank {
    /// Turns the first axis of the projection towards `point` (D values), as far as the
    /// other axes leave it free. The neighbours stay what they are; for descriptors
    /// around `point` they are found faster. Without a projection, and for a point that
    /// the other axes reach, nothing happens.
    pub fn turn_first_axis(&mut self, point: &[f32]) {
        if let Some(axes) = &mut self.axes
            && point.len() == self.rows.ncols()
        {
            axes.turn_first(&self.rows, point);
        }
    }
}

impl BankAxes {
    fn turn_first(&mut self, rows: &RowMajor, point: &[f32]) {
        let Some(projection) = &mut self.projection else {
            return;
        };
        let Some(axis) = projection.free_direction(point) else {
            return;
        };
        for (value, turned) in projection.axes.row_mut(0).iter_mut().zip(&axis) {
            *value = *turned;
        }
        let origin = &projection.origin;
        let along: Vec<f64> = rows
            .values()
            .par_chunks_exact(rows.ncols())
            .with_min_len(64)
            .map(|row| {
                let centred = row
                    .iter()
                    .zip(origin)
                    .map(|(x, o)| f64::from(*x) - f64::from(*o));
                centred.zip(&axis).map(|(x, a)| x * f64::from(*a)).sum()
            })
            .collect();
        for (number, coordinate) in along.into_iter().enumerate() {
            self.place_on_first(number, coordinate);
        }
    }
}

impl Projection {
    /// The direction from the origin to `point`, less what the other axes hold of it.
    fn free_direction(&self, point: &[f32]) -> Option<Vec<f32>> {
        let pairs = point.iter().zip(&self.origin);
        let mut free: Vec<f64> = pairs.map(|(x, o)| f64::from(*x) - f64::from(*o)).collect();
        let norm = |values: &[f64]| values.iter().map(|x| x * x).sum::<f64>().sqrt();
        let whole = norm(&free);
        // Twice, because the first time leaves the rounding of what it takes away.
        for _ in 0..2 {
            for axis in self.axes.rows().into_iter().skip(1) {
                let along: f64 = axis.iter().zip(&free).map(|(a, x)| f64::from(*a) * x).sum();
                for (x, a) in free.iter_mut().zip(axis) {
                    *x -= along * f64::from(*a);
                }
            }
        }
        let left = norm(&free);
        let own = left.is_finite() && left > LEAST_SHARE * whole;
        own.then(|| free.iter().map(|x| (x / left) as f32).collect())
    }
}
