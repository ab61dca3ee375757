//! A network whose inner values are read, to learn their ranges.

use ndarray::{ArrayD, ArrayRef4, IxDyn};
use ort::session::Session;
use ort::value::ValueRef;

use super::error::NetworkError;
use super::onnx_runtime::OnnxRuntime;
use super::ort_session;
use super::warnings::Warnings;
use crate::cores::{CoreAffinity, Helpers};
use crate::process::Threaded;

/// A network with any number of `f32` outputs, all of which a run returns. Pictures are
/// inspected with [`Network`](super::Network) instead.
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
        let session = ort_session::builder(runtime, threads, &warnings, &helpers)
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
        let outputs = ort_session::run(self.session.here_mut()?, input, None);
        outputs
            .and_then(|outputs| outputs.iter().map(copied).collect())
            .map_err(|error| NetworkError::Run(error.into()))
    }
}

/// Name and value of an output, in memory of our own.
fn copied((name, value): (&str, ValueRef<'_>)) -> ort::Result<(String, ArrayD<f32>)> {
    let (shape, values) = value.try_extract_tensor::<f32>()?;
    let shape: Vec<usize> = shape.iter().map(|&side| side as usize).collect();
    let array = ArrayD::from_shape_vec(IxDyn(&shape), values.to_vec())
        .map_err(|error| ort::Error::new(error.to_string()))?;
    Ok((name.to_owned(), array))
}
