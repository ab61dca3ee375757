//! Figures of merit of a trained model.

mod auroc;
#[cfg(test)]
mod tests;

pub use auroc::{MetricsError, PixelAuroc, auroc};
