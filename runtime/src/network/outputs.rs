//! What a network gave, where ONNX Runtime has put it.

#[cfg(feature = "stand-in")]
use ndarray::Array4;
use ndarray::{ArrayView3, ArrayView4, Axis};
use ort::session::SessionOutputs;
use ort::value::{Tensor, TensorValueType};

use super::ort_session::NetworkOutput;
use super::{Cause, NetworkError};

/// The outputs of one run, in the order of [`NetworkOptions::outputs`], each with the batch
/// in front. They lie in memory of ONNX Runtime, which takes it back when this is dropped;
/// nothing is copied.
///
/// [`NetworkOptions::outputs`]: super::NetworkOptions::outputs
#[derive(Debug)]
pub struct NetworkOutputs(Vec<Output>);

#[derive(Debug)]
enum Output {
    OnnxRuntime(Tensor<f32>, [usize; 4]),
    #[cfg(feature = "stand-in")]
    StandIn(Array4<f32>),
}

impl NetworkOutputs {
    /// Those of a batch of so many pictures; an error if one is missing, or not of its type
    /// and shape.
    pub(super) fn new(
        mut given: SessionOutputs<'_>,
        expected: &[NetworkOutput],
        pictures: usize,
    ) -> Result<Self, NetworkError> {
        let mut outputs = Vec::with_capacity(expected.len());
        for output in expected {
            let tensor = taken(&mut given, &output.name).map_err(NetworkError::Run)?;
            let [first, second, third] = output.shape;
            let shape = [pictures, first, second, third];
            let found = tensor.shape();
            if found.iter().copied().ne(shape.map(|side| side as i64)) {
                return Err(NetworkError::Signature {
                    outlet: "output",
                    found: format!("{} {found:?}", output.name),
                    expected: format!("{} {shape:?}", output.name),
                });
            }
            outputs.push(Output::OnnxRuntime(tensor, shape));
        }
        Ok(Self(outputs))
    }

    /// All outputs, each with the batch in front of its shape.
    pub fn iter(&self) -> impl Iterator<Item = ArrayView4<'_, f32>> {
        // None is left out: that there are as many values as the shape says was compared.
        self.0.iter().filter_map(Output::view)
    }

    /// Those of one picture, each of the shape in the options. None for an `index` beyond the
    /// batch.
    pub fn of_picture(&self, index: usize) -> impl Iterator<Item = ArrayView3<'_, f32>> {
        self.iter()
            .filter(move |output| index < output.dim().0)
            .map(move |output| output.index_axis_move(Axis(0), index))
    }
}

#[cfg(feature = "stand-in")]
impl FromIterator<Array4<f32>> for NetworkOutputs {
    fn from_iter<I: IntoIterator<Item = Array4<f32>>>(outputs: I) -> Self {
        Self(outputs.into_iter().map(Output::StandIn).collect())
    }
}

impl Output {
    fn view(&self) -> Option<ArrayView4<'_, f32>> {
        match self {
            Self::OnnxRuntime(tensor, shape) => {
                let (_, values) = tensor.extract_tensor();
                ArrayView4::from_shape(*shape, values).ok()
            }
            #[cfg(feature = "stand-in")]
            Self::StandIn(values) => Some(values.view()),
        }
    }
}

fn taken(given: &mut SessionOutputs<'_>, name: &str) -> Result<Tensor<f32>, Cause> {
    let value = given.remove(name);
    let value = value.ok_or_else(|| ort::Error::new(format!("no output `{name}`")))?;
    Ok(value.downcast::<TensorValueType<f32>>()?)
}
