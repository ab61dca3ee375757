//! A file of `cfa-train export --format onnx-full`: pictures in, score and map out.

use ndarray::{Array1, Array3, ArrayRef4};
use ort::session::Session;
use ort::value::TensorRef;

use super::session::builder;
use super::warnings::Warnings;
use super::{NetworkError, OnnxRuntime};

const INPUT: &str = "input";
const SCORE: &str = "pred_score";
const MAP: &str = "anomaly_map";

/// A whole model opened by ONNX Runtime. What inspects pictures is [`crate::Inspector`];
/// this is for comparing such a file with it.
#[derive(Debug)]
pub struct WholeModel {
    session: Session,
    warnings: Warnings,
}

impl WholeModel {
    /// Opens an ONNX file held in memory.
    pub fn new(runtime: &OnnxRuntime, onnx: &[u8], threads: usize) -> Result<Self, NetworkError> {
        let warnings = Warnings::default();
        let session = builder(runtime, threads, &warnings)
            .and_then(|mut builder| builder.commit_from_memory(onnx))
            .map_err(|error| NetworkError::Open(error.into()))?;
        Ok(Self { session, warnings })
    }

    /// What ONNX Runtime has warned of since the last call.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<String> {
        self.warnings.take()
    }

    /// Scores (N) and maps (N×H×W) of pictures (N×3×height×width; red, green, blue,
    /// samples in 0…1).
    pub fn run(
        &mut self,
        pictures: &ArrayRef4<f32>,
    ) -> Result<(Array1<f32>, Array3<f32>), NetworkError> {
        let [scores, maps] = self
            .run_session(pictures)
            .map_err(|error| NetworkError::Run(error.into()))?;
        let odd = |(shape, _): &(Vec<usize>, Vec<f32>)| NetworkError::Signature {
            outlet: "output",
            found: format!("{shape:?}"),
            expected: format!("{SCORE} [N] and {MAP} [N, H, W]"),
        };
        let problem = odd(&maps);
        let shape: [usize; 3] = maps.0.try_into().map_err(|_shape| problem)?;
        let maps = Array3::from_shape_vec(shape, maps.1);
        let maps = maps.map_err(|_shape| odd(&scores))?;
        Ok((Array1::from_vec(scores.1), maps))
    }

    fn run_session(
        &mut self,
        pictures: &ArrayRef4<f32>,
    ) -> ort::Result<[(Vec<usize>, Vec<f32>); 2]> {
        let rows = pictures.as_standard_layout();
        let tensor =
            TensorRef::from_array_view((rows.shape(), rows.as_slice().unwrap_or_default()))?;
        let outputs = self.session.run(ort::inputs![INPUT => tensor])?;
        let output = |name: &str| {
            let value = outputs.get(name);
            let value = value.ok_or_else(|| ort::Error::new(format!("no output `{name}`")))?;
            let (shape, values) = value.try_extract_tensor::<f32>()?;
            let shape = shape.iter().map(|&side| side as usize).collect();
            Ok::<_, ort::Error>((shape, values.to_vec()))
        };
        Ok([output(SCORE)?, output(MAP)?])
    }
}
