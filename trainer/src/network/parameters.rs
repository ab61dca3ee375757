//! The values that a graph's layers were given by training.

use std::collections::BTreeMap;

/// One floating-point tensor, row-major, converted to `f32` whatever its dtype was.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightTensor {
    /// Sizes, outermost axis first; empty for a scalar.
    pub shape: Vec<usize>,
    /// As many values as the product of `shape`. NaN and infinity are kept.
    pub values: Vec<f32>,
}

/// Parameters of a graph by name; shapes in PyTorch's order (out, in, kh, kw).
pub type Parameters = BTreeMap<String, WeightTensor>;
