//! Recorded pictures with their results, to be replayed wherever a bundle is used.

use ndarray::Array2;

use crate::picture::Picture;

/// A picture and the anomaly map it gave when the bundle was made.
#[derive(Debug, Clone, PartialEq)]
pub struct GoldenRecord {
    /// The picture before preprocessing, 8 bits a sample.
    pub picture: Picture,
    /// Its anomaly map: height × width, finite.
    pub anomaly_map: Array2<f32>,
}
