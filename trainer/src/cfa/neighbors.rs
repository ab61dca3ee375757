//! The nearest memory bank entries of every patch (METHOD.md, section 6).
//!
//! Selection needs no gradient and runs image by image, so that one
//! positions × centroids matrix at most is held. The distances that are used
//! afterwards are recomputed by direct differences for the few selected entries:
//! exact near zero, where |φ|² + |c|² − 2φ·c cancels (the reference takes roots
//! of negative numbers there), and cheap to differentiate.

use tch::{TchError, Tensor, no_grad};

/// Rewrites φ (N×D×h×w) as one row per position (N × h·w × D).
///
/// # Errors
/// φ has not four dimensions.
pub fn rows(phi: &Tensor) -> Result<Tensor, TchError> {
    let (n, d, h, w) = phi.size4()?;
    phi.f_reshape([n, d, h * w])?.f_transpose(1, 2)
}

/// Indices (N × P × count) of the entries of `bank` (M×D) nearest to each row of
/// `rows` (N×P×D), nearest first.
///
/// # Errors
/// `count` exceeds M, or memory runs out.
pub fn nearest(rows: &Tensor, bank: &Tensor, count: usize) -> Result<Tensor, TchError> {
    no_grad(|| {
        let squared_norms = bank.f_square()?.f_sum_dim_intlist(1_i64, false, None)?;
        let transposed = bank.f_transpose(0, 1)?;
        let (images, _, _) = rows.size3()?;
        let per_image = (0..images).map(|i| {
            // |φ|² shifts a whole row and does not change the order.
            let product = rows
                .f_get(i)?
                .f_detach()?
                .f_contiguous()?
                .f_matmul(&transposed)?;
            let order = squared_norms.f_sub(&product.f_mul_scalar(2.0)?)?;
            Ok(order.f_topk(count as i64, 1, false, true)?.1)
        });
        Tensor::f_stack(&per_image.collect::<Result<Vec<_>, TchError>>()?, 0)
    })
}

/// Squared distances (N×P) of each row to the entry that `index` (N×P) names, by
/// direct differences: never negative, differentiable in `rows`.
///
/// # Errors
/// Memory runs out.
pub fn squared_distance(rows: &Tensor, bank: &Tensor, index: &Tensor) -> Result<Tensor, TchError> {
    let (n, p, d) = rows.size3()?;
    let entries = bank
        .f_index_select(0, &index.f_reshape([-1])?)?
        .f_reshape([n, p, d])?;
    rows.f_sub(&entries)?
        .f_square()?
        .f_sum_dim_intlist(2_i64, false, None)
}

/// The `count` smallest squared distances of each row (N×P×count), ascending,
/// with the indices of their entries.
///
/// # Errors
/// `count` exceeds the bank's entries, or memory runs out.
pub fn smallest_squared_distances(
    rows: &Tensor,
    bank: &Tensor,
    count: usize,
) -> Result<(Tensor, Tensor), TchError> {
    let index = nearest(rows, bank, count)?;
    let columns = (0..count as i64)
        .map(|k| squared_distance(rows, bank, &index.f_select(2, k)?))
        .collect::<Result<Vec<_>, _>>()?;
    let (sorted, order) = Tensor::f_stack(&columns, 2)?.f_sort(2, false)?;
    Ok((sorted, index.f_gather(2, &order, false)?))
}

#[cfg(test)]
mod tests;
