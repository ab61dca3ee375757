//! Matrix products by all threads of the pool.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, Axis};

/// Pieces per thread, so that none waits long for the last.
const PIECES_PER_THREAD: usize = 2;
/// No side is cut below this: a small piece costs more to copy than to multiply.
const SHORTEST_SIDE: usize = 96;

/// `c ← a·b + beta·c`, any strides.
///
/// The sum of one element is never cut, so the result is the same, bit for bit, for
/// any number of threads.
pub(super) fn multiply(
    a: &ArrayView2<'_, f32>,
    b: &ArrayView2<'_, f32>,
    beta: f32,
    c: ArrayViewMut2<'_, f32>,
) {
    let pieces = PIECES_PER_THREAD * rayon::current_num_threads();
    multiply_in(pieces, a, b, beta, c);
}

fn multiply_in(
    pieces: usize,
    a: &ArrayView2<'_, f32>,
    b: &ArrayView2<'_, f32>,
    beta: f32,
    mut c: ArrayViewMut2<'_, f32>,
) {
    let (rows, columns) = c.dim();
    if pieces < 2 || rows.max(columns) < 2 * SHORTEST_SIDE {
        general_mat_mul(1.0, a, b, beta, &mut c);
    } else if rows >= columns {
        let (upper, lower) = a.split_at(Axis(0), rows / 2);
        let (c_upper, c_lower) = c.split_at(Axis(0), rows / 2);
        rayon::join(
            || multiply_in(pieces / 2, &upper, b, beta, c_upper),
            || multiply_in(pieces / 2, &lower, b, beta, c_lower),
        );
    } else {
        let (left, right) = b.split_at(Axis(1), columns / 2);
        let (c_left, c_right) = c.split_at(Axis(1), columns / 2);
        rayon::join(
            || multiply_in(pieces / 2, a, &left, beta, c_left),
            || multiply_in(pieces / 2, a, &right, beta, c_right),
        );
    }
}
