//! The backbone's weights in 16-bit floating point.

use cfa_runtime::training_support::onnx::message::{node, type_attribute};
use cfa_runtime::training_support::onnx::proto::tensor_proto::DataType;
use cfa_runtime::training_support::onnx::proto::{GraphProto, TensorProto};
use half::f16;

use super::backbone_part::BackbonePart;
use super::constants::constant;
use super::error::ReduceError;

/// Every weight is stored as `f16` and cast to `f32` by a node, which runtimes compute once,
/// when they load the network.
pub(super) fn graph(graph: &GraphProto, part: &BackbonePart) -> Result<GraphProto, ReduceError> {
    let mut written = graph.clone();
    let mut casts = Vec::new();
    let convolutions = graph.node.iter().filter(|node| part.is_convolution(node));
    for weight in convolutions.filter_map(|node| node.input.get(1)) {
        let stored = format!("{weight}_fp16");
        if let Some(tensor) = written.initializer.iter_mut().find(|t| t.name == *weight) {
            *tensor = halved(graph, weight, &stored)?;
            let to_f32 = vec![type_attribute("to", DataType::Float)];
            casts.push(node("Cast", &[&stored], weight, to_f32));
        }
    }
    written.node.splice(0..0, casts);
    Ok(written)
}

fn halved(graph: &GraphProto, weight: &str, stored: &str) -> Result<TensorProto, ReduceError> {
    let (shape, values) = constant(graph, weight)?;
    let halves: Vec<f16> = values.iter().map(|&value| f16::from_f32(value)).collect();
    if let Some(at) = halves.iter().position(|half| !half.is_finite()) {
        return Err(ReduceError::BeyondFp16 {
            weight: weight.to_owned(),
            found: values[at],
        });
    }
    Ok(TensorProto {
        dims: shape.iter().map(|&side| side as i64).collect(),
        data_type: DataType::Float16.into(),
        name: stored.to_owned(),
        raw_data: halves.iter().flat_map(|half| half.to_le_bytes()).collect(),
        ..TensorProto::default()
    })
}
