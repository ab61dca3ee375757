//! What a run of the network returns, where the computation has put it.

use std::fmt;

use ndarray::{ArrayView3, ArrayView4, Axis};
use ort::session::SessionOutputs;
use ort::value::{Tensor, TensorValueType};

use super::cause::Cause;
use super::error::NetworkError;
use crate::invariant::BrokenInvariant;
use crate::signature::NetworkOutput;

/// The outputs of one run, in the order of [`NetworkOptions::outputs`], each with the batch
/// in front. The values stay in memory of ONNX Runtime, which takes it back when this is
/// dropped. Nothing is copied.
///
/// [`NetworkOptions::outputs`]: super::NetworkOptions::outputs
#[derive(Debug)]
pub struct NetworkOutputs(Vec<Output>);

/// Values in row-major order, and their shape with the batch in front.
#[derive(Debug)]
struct Output {
    values: Box<dyn Values>,
    shape: [usize; 4],
}

/// Memory that holds the values of an output.
pub(super) trait Values: fmt::Debug + Send + Sync {
    fn values(&self) -> &[f32];
}

impl Values for Tensor<f32> {
    fn values(&self) -> &[f32] {
        self.extract_tensor().1
    }
}

impl NetworkOutputs {
    pub(super) fn new<V: Values + 'static>(
        outputs: impl IntoIterator<Item = (V, [usize; 4])>,
    ) -> Self {
        let output = |(values, shape)| Output {
            values: Box::new(values) as Box<dyn Values>,
            shape,
        };
        Self(outputs.into_iter().map(output).collect())
    }

    /// Takes the outputs of a batch of `pictures` out of `given`. An output that is missing, or
    /// has another type or shape, is an error.
    pub(super) fn taken_from(
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
            outputs.push((tensor, shape));
        }
        Ok(Self::new(outputs))
    }

    /// All outputs, each with the batch in front of its shape.
    ///
    /// # Errors
    /// An output has fewer values than its shape says, which is a bug.
    pub fn all(&self) -> Result<Vec<ArrayView4<'_, f32>>, BrokenInvariant> {
        self.0.iter().map(Output::view).collect()
    }

    /// The outputs of one picture of the batch, each of the shape in the options.
    ///
    /// # Errors
    /// The batch has no picture of this `index`, or an output has fewer values than its shape
    /// says. Both are bugs.
    pub fn picture(&self, index: usize) -> Result<Vec<ArrayView3<'_, f32>>, BrokenInvariant> {
        let outputs = self.0.iter();
        outputs.map(|output| output.picture(index)).collect()
    }
}

impl Output {
    fn view(&self) -> Result<ArrayView4<'_, f32>, BrokenInvariant> {
        ArrayView4::from_shape(self.shape, self.values.values())
            .map_err(|_shape| BrokenInvariant("an output has as many values as its shape says"))
    }

    fn picture(&self, index: usize) -> Result<ArrayView3<'_, f32>, BrokenInvariant> {
        let batch = self.view()?;
        if index >= batch.dim().0 {
            return Err(BrokenInvariant("a picture is looked up in its own batch"));
        }
        Ok(batch.index_axis_move(Axis(0), index))
    }
}

fn taken(given: &mut SessionOutputs<'_>, name: &str) -> Result<Tensor<f32>, Cause> {
    let value = given.remove(name);
    let value = value.ok_or_else(|| ort::Error::new(format!("no output `{name}`")))?;
    Ok(value.downcast::<TensorValueType<f32>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Fixed(&'static [f32]);

    impl Values for Fixed {
        fn values(&self) -> &[f32] {
            self.0
        }
    }

    /// A level that is left out, or is empty, would be a wrong map and no error.
    #[test]
    fn what_has_too_few_values_and_a_picture_beyond_the_batch_are_errors() {
        let outputs = |values| NetworkOutputs::new([(Fixed(values), [2, 1, 1, 2])]);
        let whole = outputs(&[1.0, 2.0, 3.0, 4.0]);
        let second = whole.picture(1).map(|levels| levels[0][[0, 0, 1]]);
        assert_eq!(second, Ok(4.0));
        assert!(whole.picture(2).is_err());
        let cut = outputs(&[1.0, 2.0, 3.0]);
        assert!(cut.all().is_err() && cut.picture(0).is_err());
    }
}
