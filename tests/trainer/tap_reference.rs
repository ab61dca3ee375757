//! What another implementation computed at a tap, in a few numbers.

use cfa_train::tensor::host_values;
use serde::Deserialize;
use tch::Tensor;

#[derive(Deserialize)]
pub(crate) struct TapReference {
    pub(crate) shape: Vec<i64>,
    places: Vec<usize>,
    values: Vec<f64>,
    sum: f64,
    sum_of_squares: f64,
    largest: f64,
}

impl TapReference {
    /// Tolerance 1e-4 of the largest value, for sums times the number of values: the
    /// same libtorch kernels may sum in another order on another processor.
    #[track_caller]
    pub(crate) fn assert_matches(&self, name: &str, map: &Tensor) {
        assert_eq!(map.size(), self.shape, "{name}");
        let values = host_values(map).unwrap();
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        let tolerance = 1e-4 * self.largest;
        for (&place, expected) in self.places.iter().zip(&self.values) {
            let error = (values[place] - expected).abs();
            assert!(error <= tolerance, "{name} at {place}: off by {error}");
        }
        let count = values.len() as f64;
        let sum: f64 = values.iter().sum();
        let squares: f64 = values.iter().map(|v| v * v).sum();
        assert!(
            (sum - self.sum).abs() <= tolerance * count,
            "{name}: sum {sum}"
        );
        let allowed = 2.0 * tolerance * self.largest * count;
        assert!(
            (squares - self.sum_of_squares).abs() <= allowed,
            "{name}: {squares}"
        );
    }
}
