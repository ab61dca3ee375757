//! The constants that the nodes of a network read, and the values that they give.

use cfa_runtime::training_support::onnx::proto::tensor_proto::DataType;
use cfa_runtime::training_support::onnx::proto::{GraphProto, NodeProto, TensorProto};

use super::error::{ReduceError, odd};

/// Makes sure that [`result`] finds the value of every node.
pub(super) fn require_results(graph: &GraphProto) -> Result<(), ReduceError> {
    match graph.node.iter().find(|node| node.output.is_empty()) {
        Some(node) => Err(odd(&format!("the node {} gives no value", node.name))),
        None => Ok(()),
    }
}

/// The value that a node gives. Every operator that is written gives one value, and
/// [`require_results`] has made sure of it.
pub(super) fn result(node: &NodeProto) -> &str {
    &node.output[0]
}

/// Shape and values of an `f32` constant.
pub(super) fn constant(
    graph: &GraphProto,
    name: &str,
) -> Result<(Vec<usize>, Vec<f32>), ReduceError> {
    let tensor = graph.initializer.iter().find(|t| t.name == name);
    let tensor = tensor.ok_or_else(|| odd(&format!("the constant {name} is missing")))?;
    let (shape, values) = (shape_of(tensor), floats(tensor));
    let whole = tensor.data_type == i32::from(DataType::Float)
        && values.len() == shape.iter().product::<usize>();
    if !whole {
        return Err(odd(&format!("the constant {name} is not an f32 tensor")));
    }
    match values.iter().find(|value| !value.is_finite()) {
        Some(&found) => Err(ReduceError::NotFinite {
            value: name.to_owned(),
            found,
        }),
        None => Ok((shape, values)),
    }
}

fn shape_of(tensor: &TensorProto) -> Vec<usize> {
    tensor.dims.iter().map(|&side| side as usize).collect()
}

fn floats(tensor: &TensorProto) -> Vec<f32> {
    let (values, _rest) = tensor.raw_data.as_chunks::<4>();
    values
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect()
}
