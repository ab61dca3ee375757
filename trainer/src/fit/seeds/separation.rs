//! How well scores tell two groups apart, whatever the model's unit.

/// Difference of the means over the root of the mean of both sample variances, Cohen's d;
/// positive when `defective` lies higher. Larger is better, and the same when all scores are scaled;
/// 0 for equal groups without spread. Each group needs at least two scores.
#[must_use]
pub fn separation(good: &[f32], defective: &[f32]) -> f64 {
    let ((good, good_variance), (defective, defective_variance)) =
        (mean_and_variance(good), mean_and_variance(defective));
    let spread = f64::midpoint(good_variance, defective_variance).sqrt();
    (defective - good) / spread.max(f64::MIN_POSITIVE)
}

fn mean_and_variance(scores: &[f32]) -> (f64, f64) {
    let count = scores.len() as f64;
    let mean = scores.iter().map(|&s| f64::from(s)).sum::<f64>() / count;
    let squares = scores.iter().map(|&s| (f64::from(s) - mean).powi(2));
    (mean, squares.sum::<f64>() / (count - 1.0).max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_counted_in_standard_deviations() {
        // Means 2 and 8, variances 1 and 1.
        let found = separation(&[1.0, 2.0, 3.0], &[7.0, 8.0, 9.0]);
        assert!((found - 6.0).abs() < 1e-12, "{found}");
        let scaled = separation(&[10.0, 20.0, 30.0], &[70.0, 80.0, 90.0]);
        assert!((scaled - 6.0).abs() < 1e-12, "{scaled}");
        assert!(separation(&[7.0, 8.0], &[1.0, 2.0]) < 0.0);
    }

    #[test]
    fn no_spread_is_no_division_by_zero() {
        assert!(separation(&[1.0, 1.0], &[1.0, 1.0]).abs() < f64::EPSILON);
        assert!(separation(&[1.0, 1.0], &[2.0, 2.0]) > 1e300);
    }
}
