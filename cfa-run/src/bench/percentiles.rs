//! Percentiles of measured times.

use serde::Serialize;

/// Times below which a half, 95 and 99 of a hundred lie.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Percentiles {
    pub(super) p50: f64,
    pub(super) p95: f64,
    pub(super) p99: f64,
}

impl Percentiles {
    /// By nearest rank: the smallest measured time that at least this share of all does
    /// not exceed. Of fewer than 100 times, p99 is the largest. NaN of none.
    pub(super) fn measured(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        let percentile = |percent: usize| {
            let rank = (percent * times.len()).div_ceil(100);
            let found = times.get(rank.saturating_sub(1));
            found.copied().unwrap_or(f64::NAN)
        };
        Self {
            p50: percentile(50),
            p95: percentile(95),
            p99: percentile(99),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Percentiles;

    fn percentiles(times: impl IntoIterator<Item = u32>) -> [u32; 3] {
        let Percentiles { p50, p95, p99 } =
            Percentiles::measured(times.into_iter().map(f64::from).collect());
        [p50, p95, p99].map(|time| time as u32)
    }

    #[test]
    fn percentiles_are_measured_times_by_nearest_rank() {
        assert_eq!(percentiles((1..=100).rev()), [50, 95, 99]);
        assert_eq!(percentiles(1..=1000), [500, 950, 990]);
        assert_eq!(percentiles([3, 1, 2]), [2, 3, 3]);
        assert_eq!(percentiles([7]), [7; 3]);
    }
}
