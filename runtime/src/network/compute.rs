//! The seam between a network and what computes it.

use std::fmt;

use ndarray::ArrayRef4;

use super::error::NetworkError;
use super::outputs::NetworkOutputs;
use crate::cancellation::Cancellation;

/// Computes the outputs of a network: a session of ONNX Runtime, or a fake in tests.
pub(super) trait Compute: fmt::Debug + Send + Sync {
    /// The outputs for normalised pictures `N × 3 × H × W`. The computation may end early with
    /// an error when `cancellation` asks for it.
    fn compute(
        &mut self,
        input: &ArrayRef4<f32>,
        cancellation: Option<&Cancellation>,
    ) -> Result<NetworkOutputs, NetworkError>;
}
