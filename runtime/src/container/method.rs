//! What the container asks of the method whose model it holds.

use std::fmt::Debug;

use ndarray::Array2;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::BundleProblem;
use crate::preprocess::Size;

/// The settings of one method of inspection, as they stand in a manifest.
///
/// The fields of the settings stand in the manifest itself, beside those of the container.
/// So no two of them may have one name, and the structs below the first level refuse unknown
/// fields themselves.
pub trait Method: Clone + Debug + PartialEq + Serialize + DeserializeOwned {
    /// The value of `method` in a manifest.
    const NAME: &'static str;

    /// The names of the method's own tensors, which are matrices of `f32`.
    const MATRICES: &'static [&'static str];

    /// The method's own tensors.
    type Tensors: Clone + Debug + PartialEq;

    /// The matrices, in the order of [`MATRICES`](Self::MATRICES).
    fn matrices(tensors: &Self::Tensors) -> Vec<&Array2<f32>>;

    /// The tensors of a file; `matrix` reads the one of a name.
    ///
    /// # Errors
    /// `matrix` fails.
    fn read_tensors(
        matrix: impl FnMut(&str) -> Result<Array2<f32>, BundleProblem>,
    ) -> Result<Self::Tensors, BundleProblem>;

    /// Checks that settings and tensors fit each other and the network's input.
    ///
    /// # Errors
    /// [`BundleProblem::Setting`] names the first that does not fit.
    fn check(&self, tensors: &Self::Tensors, input: Size) -> Result<(), BundleProblem>;

    /// The largest difference allowed when a golden sample is replayed, for its score and for
    /// each value of its map.
    fn replay_tolerance(&self, recorded_map: &Array2<f32>) -> f32;
}
