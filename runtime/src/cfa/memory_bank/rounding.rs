//! How far computed numbers may be from exact ones.
//!
//! Each operation in `f32` is off by [`ROUNDOFF`] of its result at most, so a sum of squares
//! is off by that for every addition on the way of a term, relative to the whole.

use pulp::Simd;

/// The unit roundoff of `f32`.
const ROUNDOFF: f32 = f32::EPSILON / 2.0;

/// The relative error of a sum of squares, or of squared differences, in four vectors side by
/// side. It counts the additions of a lane, of the four vectors, of their lanes, and of the
/// values that fill no vector, and a few operations for a difference and its square.
#[inline(always)]
pub(super) fn sum_error<S: Simd>(values: usize) -> f32 {
    let additions = values / (4 * S::F32_LANES) + 2 * S::F32_LANES + 8;
    additions as f32 * ROUNDOFF
}

/// The relative error of such a sum in one vector.
#[inline(always)]
pub(super) fn one_vector_sum_error<S: Simd>(values: usize) -> f32 {
    let additions = values / S::F32_LANES + 2 * S::F32_LANES + 4;
    additions as f32 * ROUNDOFF
}

/// The error of an inner product, relative to the product of both lengths.
///
/// A sum of `n` rounded products is off by at most `n·u·|a||b|`, and, but for a probability
/// below 1e-13, by `8·√n·u·|a||b|` (Higham and Mary, "A new approach to probabilistic
/// rounding error analysis", 2019).
#[inline(always)]
pub(super) fn product_error(channels: usize) -> f32 {
    let n = channels as f32;
    (n.min(8.0 * n.sqrt()) + 1.0) * ROUNDOFF
}

/// The error of the first bound, relative to the square of the larger length.
///
/// The bound is a chain of products of rounded coordinates that starts from `−½|c|²`; none of
/// its parts exceeds 3/2 of that square. `sum` is the error of the descriptor's own length.
#[inline(always)]
pub(super) fn first_bound_error(axes: usize, sum: f32) -> f32 {
    2.0 * (axes + 16) as f32 * ROUNDOFF + sum
}
