//! A network's backbone in a smaller number format: 8-bit integers or 16-bit weights.
//!
//! Works on a network that [`encode`](super::encode) wrote. The backbone is what reads
//! the backbone's weights; from the pooled feature maps on everything stays in `f32`,
//! whatever it is.
//!
//! INT8 is written as ONNX's QDQ form: pairs of `QuantizeLinear` and `DequantizeLinear`
//! say where values are 8-bit, and a runtime that has the kernels merges them with the
//! operators between (ONNX Runtime: `QLinearConv`, `QLinearAdd`); any other still
//! computes the same up to rounding. Jacob et al., "Quantization and Training of Neural
//! Networks for Efficient Integer-Arithmetic-Only Inference" (2018).

mod affine;
mod backbone_part;
mod channel_weights;
mod fp16;
mod int8;
mod observation;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use cfa_runtime::training_support::onnx::message::{Dim, float_value};
use cfa_runtime::training_support::onnx::proto::tensor_proto::DataType;
use cfa_runtime::training_support::onnx::proto::{GraphProto, ModelProto, NodeProto, TensorProto};
use prost::Message;

pub use affine::Affine;
pub use channel_weights::ChannelWeights;
pub use observation::Observation;

use crate::network::Graph;
use backbone_part::BackbonePart;

/// Why a network cannot be written in another format.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReduceError {
    /// The network is not one that this project wrote.
    #[error(
        "the bundle's network cannot be rewritten: {what}; export the model again with cfa-train"
    )]
    Network {
        /// What is wrong.
        what: String,
    },
    /// A value that no range can hold.
    #[error(
        "{value} holds {found}; a network whose values or weights are no finite numbers cannot be rewritten, train it again"
    )]
    NotFinite {
        /// Name of the value or weight in the network.
        value: String,
        /// What was found.
        found: f32,
    },
    /// A weight that 16-bit floating point does not reach.
    #[error(
        "{weight} holds {found}, but fp16 ends at 65504; use --precision int8, or keep the bundle as it is"
    )]
    BeyondFp16 {
        /// Name of the weight.
        weight: String,
        /// What was found.
        found: f32,
    },
    /// A value of the network was not observed.
    #[error("no range is known for {value}; this is a mistake in cfa-train, please report it")]
    Unobserved {
        /// Name of the value.
        value: String,
    },
}

/// A network of a bundle, and which part of it is the backbone.
#[derive(Debug, Clone)]
pub struct ReducibleNetwork {
    model: ModelProto,
    graph: GraphProto,
    part: BackbonePart,
}

impl ReducibleNetwork {
    /// Reads an ONNX file. Convolutions with a weight of `backbone` belong to the backbone.
    ///
    /// # Errors
    /// The file is damaged, or not laid out as [`encode`](super::encode) does.
    pub fn decode(onnx: &[u8], backbone: &Graph) -> Result<Self, ReduceError> {
        let mut model = ModelProto::decode(onnx).map_err(|e| odd(&e.to_string()))?;
        let graph = model.graph.take().ok_or_else(|| odd("it has no graph"))?;
        let weights: BTreeSet<String> = backbone
            .parameters()
            .into_iter()
            .map(|parameter| parameter.name)
            .collect();
        let part = BackbonePart::find(&graph, &weights)?;
        Ok(Self { model, graph, part })
    }

    /// The values that [`int8`](Self::int8) needs observations of: the input and the outputs
    /// of [`observable`](Self::observable).
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.part.values().iter().map(String::as_str)
    }

    /// The network up to the last value whose range INT8 needs, with all of these as its
    /// outputs (`f32`, batch×C×H×W). The range of the input is needed, too.
    #[must_use]
    pub fn observable(&self) -> Vec<u8> {
        let values = self.part.observed();
        let sides = [const { Dim::Unknown }; 4];
        let output = values.map(|name| float_value(name, &sides)).collect();
        self.encoded(GraphProto {
            output,
            ..self.graph.clone()
        })
    }

    /// The network with its backbone in 8-bit integers, for the values seen of each of the
    /// [`observable`](Self::observable) outputs and of the input: activations as `u8` with
    /// one scale a tensor, weights as `i8` with one scale an output channel.
    ///
    /// # Errors
    /// A value without observations, or a weight that is not finite.
    pub fn int8(
        &self,
        observations: &BTreeMap<String, Observation>,
    ) -> Result<Vec<u8>, ReduceError> {
        int8::graph(&self.graph, &self.part, observations).map(|graph| self.encoded(graph))
    }

    /// The network with the weights of its backbone in 16-bit floating point, widened again
    /// when it is loaded: half the file, any provider, `f32` arithmetic on CPUs.
    ///
    /// # Errors
    /// A weight that is not finite or too large.
    pub fn fp16(&self) -> Result<Vec<u8>, ReduceError> {
        fp16::graph(&self.graph, &self.part).map(|graph| self.encoded(graph))
    }

    fn encoded(&self, graph: GraphProto) -> Vec<u8> {
        let model = ModelProto {
            graph: Some(graph),
            ..self.model.clone()
        };
        model.encode_to_vec()
    }
}

fn odd(what: &str) -> ReduceError {
    ReduceError::Network {
        what: what.to_owned(),
    }
}

/// What a node gives; every operator that is written gives one value.
fn result(node: &NodeProto) -> &str {
    node.output.first().map_or("", String::as_str)
}

/// Shape and values of an `f32` constant.
fn constant(graph: &GraphProto, name: &str) -> Result<(Vec<usize>, Vec<f32>), ReduceError> {
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
