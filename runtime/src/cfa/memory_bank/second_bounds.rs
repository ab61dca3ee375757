//! Lower bounds of squared distances along more axes, for the centroids that a first bound left.

use pulp::Simd;

use super::axes::BankAxes;
use super::distance::squared_distances;
use super::rounding::one_vector_sum_error;

/// Candidates whose bounds are computed side by side.
const TOGETHER: usize = 4;

/// The bounds of one position along the `second` axes.
pub(super) struct SecondBounds<'a> {
    pub(super) axes: &'a BankAxes,
    pub(super) head: &'a [f32],
    /// The least and the most that the norm of its rest may be.
    pub(super) tail: [f32; 2],
    /// What rounding of the axes themselves may have added.
    pub(super) slack: f32,
    /// No bound above this is kept.
    pub(super) limit: f32,
}

impl SecondBounds<'_> {
    /// Adds the candidates that are within the limit, with their bounds, in any order.
    #[inline(always)]
    pub(super) fn keep_all<S: Simd>(
        &self,
        simd: S,
        candidates: &[u32],
        kept: &mut Vec<(f32, u32)>,
    ) {
        let (together, alone) = candidates.as_chunks::<TOGETHER>();
        for &numbers in together {
            self.keep(simd, numbers, kept);
        }
        for &number in alone {
            self.keep(simd, [number], kept);
        }
    }

    /// Keeps those of a few candidates whose bounds allow it.
    #[inline(always)]
    fn keep<S: Simd, const N: usize>(
        &self,
        simd: S,
        numbers: [u32; N],
        kept: &mut Vec<(f32, u32)>,
    ) {
        let others = numbers.map(|number| self.axes.centroid(number as usize));
        let along = squared_distances(simd, self.head, others.map(|(head, _)| head));
        let share = 1.0 - one_vector_sum_error::<S>(self.head.len());
        let [least, most] = self.tail;
        for ((along, (_, tail)), number) in along.into_iter().zip(others).zip(numbers) {
            let apart = (least - tail).max(tail - most).max(0.0);
            let bound = along * share + apart * apart - self.slack;
            if bound <= self.limit {
                kept.push((bound, number));
            }
        }
    }
}
