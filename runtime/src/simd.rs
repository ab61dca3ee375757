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

#[cfg(test)]
mod tests {
    use pulp::{Arch, Simd, WithSimd};

    use super::add_scaled;

    struct AddScaled<'a>(&'a [f32], f32, &'a mut [f32]);

    impl WithSimd for AddScaled<'_> {
        type Output = ();

        fn with_simd<S: Simd>(self, simd: S) {
            add_scaled(simd, self.0, self.1, self.2);
        }
    }

    /// With the vectors of this processor, at each length around theirs.
    #[test]
    fn each_value_is_added_once_and_the_rest_is_left_alone() {
        for length in 0..70 {
            let values: Vec<f32> = (0..length).map(|i| (i * i % 17) as f32 - 8.0).collect();
            let before: Vec<f32> = (0..length + 3).map(|i| i as f32 / 4.0).collect();
            let mut sums = before.clone();
            Arch::new().dispatch(AddScaled(&values, 0.5, &mut sums));
            // All numbers are multiples of a quarter, so that nothing is rounded.
            let padded = values.iter().copied().chain([0.0; 3]);
            let expected: Vec<f32> = before
                .iter()
                .zip(padded)
                .map(|(a, b)| a + b / 2.0)
                .collect();
            assert_eq!(sums, expected, "{length}");
        }
    }
}
