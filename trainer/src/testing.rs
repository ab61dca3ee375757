//! Numbers for the tests of this crate: drawn from a seed, compared against f64.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tch::Tensor;

use crate::tensor::{from_values, host_values};

/// `count` values in −1…1.
pub(crate) fn noise(seed: u64, count: usize) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
}

/// A tensor of values in −1…1.
pub(crate) fn noise_tensor(seed: u64, shape: &[usize]) -> Tensor {
    from_values(&noise(seed, shape.iter().product()), shape).unwrap()
}

/// Row-major values of a tensor in f64.
pub(crate) fn f64_values(tensor: &Tensor) -> Vec<f64> {
    host_values(tensor)
        .unwrap()
        .into_iter()
        .map(f64::from)
        .collect()
}

/// Asserts that all values differ by `tolerance` at most; NaN never passes.
#[track_caller]
pub(crate) fn assert_close(ours: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(ours.len(), expected.len(), "number of values");
    for (i, (a, b)) in ours.iter().zip(expected).enumerate() {
        assert!(
            (a - b).abs() <= tolerance,
            "value {i}: {a}, expected {b} ± {tolerance}"
        );
    }
}
