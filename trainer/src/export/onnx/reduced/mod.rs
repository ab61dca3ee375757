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
mod constants;
mod error;
mod fp16;
mod int8;
mod observation;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use cfa_runtime::training_support::onnx::message::{Dim, float_value};
use cfa_runtime::training_support::onnx::proto::{GraphProto, ModelProto};
use prost::Message;

pub use affine::Affine;
pub use channel_weights::ChannelWeights;
pub use error::ReduceError;
pub use observation::Observation;

use crate::network::Graph;
use backbone_part::BackbonePart;
use constants::require_results;
use error::odd;

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
        require_results(&graph)?;
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
