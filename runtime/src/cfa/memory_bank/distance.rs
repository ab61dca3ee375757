//! Squared lengths and distances, summed in lanes.

use pulp::Simd;

/// `Σ (aᵢ − bᵢ)²`, by direct differences, so never below 0 and exact near 0. The sum runs in
/// four vectors side by side; [`sum_error`](super::rounding::sum_error) bounds its error.
#[inline(always)]
pub(super) fn squared_distance<S: Simd>(simd: S, a: &[f32], b: &[f32]) -> f32 {
    let (a_vectors, a_rest) = S::as_simd_f32s(a);
    let (b_vectors, b_rest) = S::as_simd_f32s(b);
    let (a_fours, a_ones) = a_vectors.as_chunks::<4>();
    let (b_fours, b_ones) = b_vectors.as_chunks::<4>();
    let mut sums = [simd.splat_f32s(0.0); 4];
    for (a, b) in a_fours.iter().zip(b_fours) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum = add_square(simd, simd.sub_f32s(*a, *b), *sum);
        }
    }
    for (a, b) in a_ones.iter().zip(b_ones) {
        sums[0] = add_square(simd, simd.sub_f32s(*a, *b), sums[0]);
    }
    let rest: f32 = a_rest
        .iter()
        .zip(b_rest)
        .map(|(a, b)| (a - b) * (a - b))
        .sum();
    total(simd, sums) + rest
}

/// The squared distances of `a` to several others, which share its loads. Each sum runs in
/// one vector; [`one_vector_sum_error`](super::rounding::one_vector_sum_error) bounds its error.
#[inline(always)]
pub(super) fn squared_distances<S: Simd, const N: usize>(
    simd: S,
    a: &[f32],
    others: [&[f32]; N],
) -> [f32; N] {
    let (a_vectors, a_rest) = S::as_simd_f32s(a);
    let mut sums = [simd.splat_f32s(0.0); N];
    let mut rests = [&[][..]; N];
    let mut vectors = [&[][..]; N];
    // No `map`: its closure would not be compiled for the vectors.
    for ((vectors, rest), other) in vectors.iter_mut().zip(&mut rests).zip(others) {
        (*vectors, *rest) = S::as_simd_f32s(&other[..a.len()]);
    }
    for (place, a) in a_vectors.iter().enumerate() {
        for (sum, vectors) in sums.iter_mut().zip(&vectors) {
            *sum = add_square(simd, simd.sub_f32s(*a, vectors[place]), *sum);
        }
    }
    let mut distances = [0.0; N];
    for ((distance, sum), rest) in distances.iter_mut().zip(sums).zip(rests) {
        *distance = simd.reduce_sum_f32s(sum);
        for (a, b) in a_rest.iter().zip(rest) {
            *distance += (a - b) * (a - b);
        }
    }
    distances
}

/// `Σ aᵢ²`, summed in the same way. NaN and infinities spread.
#[inline(always)]
pub(super) fn squared_norm<S: Simd>(simd: S, a: &[f32]) -> f32 {
    let (vectors, rest) = S::as_simd_f32s(a);
    let (fours, ones) = vectors.as_chunks::<4>();
    let mut sums = [simd.splat_f32s(0.0); 4];
    for four in fours {
        for (sum, a) in sums.iter_mut().zip(four) {
            *sum = add_square(simd, *a, *sum);
        }
    }
    for a in ones {
        sums[0] = add_square(simd, *a, sums[0]);
    }
    total(simd, sums) + rest.iter().map(|a| a * a).sum::<f32>()
}

#[inline(always)]
fn add_square<S: Simd>(simd: S, x: S::f32s, sum: S::f32s) -> S::f32s {
    simd.mul_add_e_f32s(x, x, sum)
}

#[inline(always)]
fn total<S: Simd>(simd: S, [a, b, c, d]: [S::f32s; 4]) -> f32 {
    simd.reduce_sum_f32s(simd.add_f32s(simd.add_f32s(a, b), simd.add_f32s(c, d)))
}
