//! Mean and spread over seeds.

use serde::Serialize;

use crate::evaluation::Figures;
use crate::events::SeedReport;

/// Mean and sample standard deviation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MeanSd {
    /// Mean.
    pub mean: f64,
    /// Sample standard deviation, n − 1 in the denominator; 0 for one value.
    pub sd: f64,
}

/// One figure of merit over all seeds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SeedFigure {
    /// Its name, as in [`Figures`].
    pub name: &'static str,
    /// Its mean and spread.
    #[serde(flatten)]
    pub over_seeds: MeanSd,
}

/// A figure's name, and how it is read.
type Figure = (&'static str, fn(&Figures) -> Option<f64>);

const FIGURES: [Figure; 7] = [
    ("image_auroc", |f| f.image_auroc),
    ("image_aupr", |f| f.image_aupr),
    ("image_f1max", |f| f.image_f1max),
    ("pixel_auroc", |f| f.pixel_auroc),
    ("pixel_f1max", |f| f.pixel_f1max),
    ("aupro_03", |f| f.aupro_03),
    ("aupro_005", |f| f.aupro_005),
];

/// Every figure that all seeds have.
pub(super) fn over_seeds(seeds: &[SeedReport]) -> Vec<SeedFigure> {
    let figures = FIGURES.into_iter().filter_map(|(name, read)| {
        let values = seeds.iter().map(|seed| seed.test.as_ref().and_then(read));
        let values: Option<Vec<f64>> = values.collect();
        Some(SeedFigure {
            name,
            over_seeds: MeanSd::over(&values?)?,
        })
    });
    figures.collect()
}

impl MeanSd {
    /// Mean and spread of at least one value; `None` without any.
    #[must_use]
    pub fn over(values: &[f64]) -> Option<Self> {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let sd = (squares / (count - 1.0).max(1.0)).sqrt();
        (!values.is_empty()).then_some(Self { mean, sd })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn the_spread_is_that_of_a_sample() {
        let found = MeanSd::over(&[2.0, 4.0, 4.0, 6.0]).unwrap();
        assert!((found.mean - 4.0).abs() < 1e-12);
        // Squares 4 + 0 + 0 + 4 over 3.
        assert!((found.sd - (8.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!(MeanSd::over(&[3.0]), Some(MeanSd { mean: 3.0, sd: 0.0 }));
        assert_eq!(MeanSd::over(&[]), None);
    }
}
