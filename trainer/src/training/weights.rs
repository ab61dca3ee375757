//! The weights that a training starts from.

use std::path::Path;

use crate::backbone::Backbone;
use crate::backbone::weights::Weights;
use crate::error::TrainError;

/// Reads the weights, makes sure that they belong to `backbone`, and brings them
/// under the names of its graph.
///
/// # Errors
/// The file cannot be read, or belongs to another network.
pub fn fitting_weights(backbone: Backbone, path: &Path) -> Result<Weights, TrainError> {
    let weights = Weights::read(path)?;
    let tensors = backbone.fit_parameters(path, weights.tensors)?;
    Ok(Weights { tensors, ..weights })
}
