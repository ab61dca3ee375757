//! Loops over vectors that several parts share.

use pulp::Simd;

/// Adds `factor` times each of `values` to the leading values of `sums`, which are at
/// least as many.
#[inline(always)]
pub(crate) fn add_scaled<S: Simd>(simd: S, values: &[f32], factor: f32, sums: &mut [f32]) {
    let (vectors, rest) = S::as_mut_simd_f32s(&mut sums[..values.len()]);
    let (added, added_rest) = S::as_simd_f32s(values);
    let factors = simd.splat_f32s(factor);
    for (sum, value) in vectors.iter_mut().zip(added) {
        *sum = simd.mul_add_e_f32s(*value, factors, *sum);
    }
    for (sum, value) in rest.iter_mut().zip(added_rest) {
        *sum += value * factor;
    }
}
