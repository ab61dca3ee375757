//! A file of `cfa-train export --format onnx-full`: pictures in, score and map out.

use ndarray::{Array1, Array3, ArrayD, ArrayRef4, Ix1, Ix3};

use super::observed::ObservedNetwork;
use super::{NetworkError, OnnxRuntime};
use crate::signature::{MAP, SCORE};

/// A whole model opened by ONNX Runtime. What inspects pictures is [`crate::Inspector`];
/// this is for comparing such a file with it.
#[derive(Debug)]
pub struct WholeModel(ObservedNetwork);

impl WholeModel {
    /// Opens an ONNX file held in memory.
    pub fn new(runtime: &OnnxRuntime, onnx: &[u8], threads: usize) -> Result<Self, NetworkError> {
        ObservedNetwork::new(runtime, onnx, threads).map(Self)
    }

    /// What ONNX Runtime has warned of since the last call.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<String> {
        self.0.take_warnings()
    }

    /// Scores (N) and maps (N×H×W) of pictures (N×3×height×width; red, green, blue,
    /// samples in 0…1).
    pub fn run(
        &mut self,
        pictures: &ArrayRef4<f32>,
    ) -> Result<(Array1<f32>, Array3<f32>), NetworkError> {
        let outputs = self.0.run(pictures)?;
        let output = |name: &str| outputs.iter().find(|(found, _)| found == name);
        let odd = || NetworkError::Signature {
            outlet: "output",
            found: outputs.iter().map(described).collect::<Vec<_>>().join(", "),
            expected: format!("{SCORE} [N] and {MAP} [N, H, W]"),
        };
        let (Some((_, scores)), Some((_, maps))) = (output(SCORE), output(MAP)) else {
            return Err(odd());
        };
        let scores = scores.clone().into_dimensionality::<Ix1>();
        let maps = maps.clone().into_dimensionality::<Ix3>();
        scores
            .and_then(|scores| Ok((scores, maps?)))
            .map_err(|_shape| odd())
    }
}

fn described((name, value): &(String, ArrayD<f32>)) -> String {
    format!("{name} {:?}", value.shape())
}
