//! The map of a picture that every method makes.

use ndarray::Array2;

/// How unusual each pixel of the network's input looks: rows × columns, finite,
/// 0 for a perfect match, larger is stranger. Raw values in the unit of the
/// descriptor's distance, comparable between pictures of one model only.
#[derive(Debug, Clone, PartialEq)]
pub struct AnomalyMap {
    /// Row-major values, `height × width`, not empty.
    pub values: Array2<f32>,
}

impl AnomalyMap {
    /// The largest value: the score of the picture.
    #[must_use]
    pub fn max(&self) -> f32 {
        const LANES: usize = 16;
        let larger = |a: f32, b: f32| if b > a { b } else { a };
        let Some(values) = self.values.as_slice_memory_order() else {
            return self.values.iter().copied().fold(f32::NEG_INFINITY, larger);
        };
        let mut largest = [f32::NEG_INFINITY; LANES];
        let (lanes, rest) = values.as_chunks::<LANES>();
        for values in lanes {
            for (largest, &value) in largest.iter_mut().zip(values) {
                *largest = larger(*largest, value);
            }
        }
        let all = largest.iter().chain(rest);
        all.copied().fold(f32::NEG_INFINITY, larger)
    }

    /// The smallest value.
    #[must_use]
    pub fn min(&self) -> f32 {
        self.values.iter().copied().fold(f32::INFINITY, f32::min)
    }

    /// The mean value.
    #[must_use]
    pub fn mean(&self) -> f32 {
        let sum: f64 = self.values.iter().map(|&value| f64::from(value)).sum();
        (sum / self.values.len().max(1) as f64) as f32
    }

    /// Row and column of the largest value, the first one in reading order.
    #[must_use]
    pub fn peak(&self) -> (usize, usize) {
        let largest = self.max();
        let place = self.values.iter().position(|&value| value >= largest);
        let columns = self.values.ncols().max(1);
        place.map_or((0, 0), |place| (place / columns, place % columns))
    }
}
