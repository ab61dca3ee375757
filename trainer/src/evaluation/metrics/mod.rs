//! Figures of merit of a trained model, exact over all thresholds; `docs/METRICS.md`
//! defines each.
//!
//! For whole pictures [`auroc`], [`average_precision`] and [`f1_max`] take scores and
//! labels. For pixels [`PixelScores`] collects maps and masks, and [`PixelMetrics`] is
//! made of them after one sort.

mod aupro;
mod curve;
mod error;
mod key;
mod pixels;
mod ranking;
mod regions;
#[cfg(test)]
mod tests;

pub use curve::{CurvePoint, F1Max, auroc, average_precision, curve, f1_max};
pub use error::MetricsError;
pub use pixels::{PixelMetrics, PixelScores, RankedPixels, aupro};
pub use regions::Regions;
