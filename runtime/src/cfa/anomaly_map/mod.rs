//! From distances to an anomaly map: softmin score, upsampling, blur.

mod blur;
mod smoothing;
mod softmin;
mod upsample;

pub use blur::{BlurError, Border, GaussianBlur};
pub use smoothing::Smoothing;
pub use softmin::softmin_scores;
pub use upsample::{Blend, upsample_bilinear};

#[cfg(test)]
mod tests;
