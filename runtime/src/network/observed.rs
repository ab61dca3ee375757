//! A network whose inner values are looked at, to learn what ranges they have.

use ndarray::{ArrayD, ArrayRef4, IxDyn};
use ort::session::Session;
use ort::value::TensorRef;

use super::ort_session::{builder, not_row_by_row};
use super::warnings::Warnings;
use super::{NetworkError, OnnxRuntime};
use crate::cores::{CoreAffinity, Helpers};
use crate::onnx::INPUT;
use crate::process::Threaded;

/// Runs a network that has any number of `f32` outputs, and gives them all. What
/// inspects pictures is [`Network`](super::Network).
#[derive(Debug)]
pub struct ObservedNetwork {
    session: Threaded<Session>,
    warnings: Warnings,
}

impl ObservedNetwork {
    /// Opens an ONNX file held in memory, with one input, `input` (`N × 3 × H × W`).
    pub fn new(runtime: &OnnxRuntime, onnx: &[u8], threads: usize) -> Result<Self, NetworkError> {
        let warnings = Warnings::default();
        let helpers = Helpers::new(CoreAffinity::Untouched);
        let session = builder(runtime, threads, &warnings, &helpers)
            .and_then(|mut builder| builder.commit_from_memory(onnx))
            .map_err(|error| NetworkError::Open(error.into()))?;
        Ok(Self {
            session: Threaded::new(session),
            warnings,
        })
    }

    /// What ONNX Runtime has warned of since the last call.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<String> {
        self.warnings.take()
    }

    /// Name and value of every output, in the network's order, for normalised pictures
    /// `N × 3 × H × W`. Values are passed on as they are, NaN included.
    pub fn run(
        &mut self,
        input: &ArrayRef4<f32>,
    ) -> Result<Vec<(String, ArrayD<f32>)>, NetworkError> {
        run_session(self.session.here_mut()?, input)
            .map_err(|error| NetworkError::Run(error.into()))
    }
}

fn run_session(
    session: &mut Session,
    input: &ArrayRef4<f32>,
) -> ort::Result<Vec<(String, ArrayD<f32>)>> {
    let rows = input.as_standard_layout();
    let values = rows.as_slice().ok_or_else(not_row_by_row)?;
    let tensor = TensorRef::from_array_view((rows.shape(), values))?;
    let outputs = session.run(ort::inputs![INPUT => tensor])?;
    let value = |(name, value): (&str, ort::value::ValueRef<'_>)| {
        let (shape, values) = value.try_extract_tensor::<f32>()?;
        let shape: Vec<usize> = shape.iter().map(|&side| side as usize).collect();
        let array = ArrayD::from_shape_vec(IxDyn(&shape), values.to_vec())
            .map_err(|error| ort::Error::new(error.to_string()))?;
        Ok((name.to_owned(), array))
    };
    outputs.iter().map(value).collect()
}
