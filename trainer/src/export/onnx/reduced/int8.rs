//! The backbone in 8-bit integers: pairs of quantisation around its operators.

use std::collections::{BTreeMap, BTreeSet};

use cfa_runtime::training_support::onnx::message::{
    byte_scalar, byte_tensor, float_tensor, int, int32_tensor, node,
};
use cfa_runtime::training_support::onnx::proto::{
    AttributeProto, GraphProto, NodeProto, TensorProto,
};

use super::affine::Affine;
use super::backbone_part::BackbonePart;
use super::channel_weights::{ChannelWeights, Layer};
use super::constants::{constant, result};
use super::error::{ReduceError, odd};
use super::observation::Observation;
use cfa_runtime::training_support::signature::INPUT;

pub(super) fn graph(
    graph: &GraphProto,
    part: &BackbonePart,
    observations: &BTreeMap<String, Observation>,
) -> Result<GraphProto, ReduceError> {
    let mut writer = Writer {
        graph,
        part,
        observations,
        integers: BTreeMap::new(),
        nodes: Vec::new(),
        constants: Vec::new(),
        replaced: BTreeSet::new(),
    };
    for value in part.values() {
        let integers = writer.observed(part.range_of(value))?.integers();
        writer.integers.insert(value.clone(), integers);
    }
    writer.pair(INPUT);
    for node in &graph.node {
        writer.write(node)?;
    }
    Ok(writer.finish())
}

struct Writer<'a> {
    graph: &'a GraphProto,
    part: &'a BackbonePart,
    observations: &'a BTreeMap<String, Observation>,
    integers: BTreeMap<String, Affine>,
    nodes: Vec<NodeProto>,
    constants: Vec<TensorProto>,
    /// Constants of the graph that are stored in another way.
    replaced: BTreeSet<String>,
}

impl Writer<'_> {
    fn observed(&self, value: &str) -> Result<&Observation, ReduceError> {
        let seen = self.observations.get(value);
        seen.ok_or_else(|| ReduceError::Unobserved {
            value: value.to_owned(),
        })
    }

    /// A node as it is, but that it reads what was rounded to integers, and that a
    /// convolution gets integer weights.
    fn write(&mut self, node: &NodeProto) -> Result<(), ReduceError> {
        let mut written = node.clone();
        for name in &mut written.input {
            if self.integers.contains_key(name) {
                *name = rounded(name);
            }
        }
        if self.part.is_integer(node) {
            written.input = self.convolution_inputs(node)?;
        }
        self.nodes.push(written);
        self.pair(result(node));
        Ok(())
    }

    /// `QuantizeLinear` and `DequantizeLinear` behind a value that becomes integers.
    fn pair(&mut self, value: &str) {
        let Some(&Affine { scale, zero_point }) = self.integers.get(value) else {
            return;
        };
        let scale = self.constant(float_tensor(&format!("{value}_scale"), &[], &[scale]));
        let zero = self.constant(byte_scalar(&format!("{value}_zero_point"), zero_point));
        let quantised = format!("{value}_quantized");
        self.push(
            "QuantizeLinear",
            &[value, &scale, &zero],
            &quantised,
            vec![],
        );
        self.push(
            "DequantizeLinear",
            &[&quantised, &scale, &zero],
            &rounded(value),
            vec![],
        );
    }

    /// Input, weight and bias, the latter two as constants behind a `DequantizeLinear`.
    fn convolution_inputs(&mut self, node: &NodeProto) -> Result<Vec<String>, ReduceError> {
        let (Some(input), Some(weight)) = (node.input.first(), node.input.get(1)) else {
            return Err(odd(&format!("{} has no weight", result(node))));
        };
        let integers = self.integers.get(input);
        let integers = integers.ok_or_else(|| ReduceError::Unobserved {
            value: input.clone(),
        })?;
        let (shape, values) = constant(self.graph, weight)?;
        let &[outputs, _, kernel_height, kernel_width] = shape.as_slice() else {
            return Err(odd(&format!("{weight} has the shape {shape:?}")));
        };
        let bias = match node.input.get(2) {
            Some(name) => constant(self.graph, name)?.1,
            None => vec![0.0; outputs],
        };
        let layer = Layer {
            weight: &values,
            bias: &bias,
            kernel: kernel_height * kernel_width,
            groups: groups(node),
            input_means: &self.observed(input)?.channel_means(),
            input_scale: integers.scale,
        };
        let quantised = ChannelWeights::quantised(&layer);
        self.replaced.extend(node.input.iter().skip(1).cloned());
        Ok(vec![
            rounded(input),
            self.weight(weight, &shape, &quantised),
            self.bias(weight, &quantised),
        ])
    }

    fn weight(&mut self, name: &str, shape: &[usize], of: &ChannelWeights) -> String {
        let values = self.constant(byte_tensor(&quantized(name), shape, &of.values));
        let zeros = vec![0; of.scales.len()];
        let zeros = byte_tensor(&format!("{name}_zero_point"), &[zeros.len()], &zeros);
        self.by_channel(name, &values, &of.scales, zeros)
    }

    fn bias(&mut self, weight: &str, of: &ChannelWeights) -> String {
        let name = format!("{weight}_bias");
        let values = self.constant(int32_tensor(&quantized(&name), &of.bias));
        let zeros = int32_tensor(&format!("{name}_zero_point"), &vec![0; of.bias.len()]);
        self.by_channel(&name, &values, &of.bias_scales, zeros)
    }

    /// A constant whose first axis is the output channel.
    fn by_channel(
        &mut self,
        name: &str,
        values: &str,
        scales: &[f32],
        zeros: TensorProto,
    ) -> String {
        let scales = float_tensor(&format!("{name}_scale"), &[scales.len()], scales);
        let (scales, zeros) = (self.constant(scales), self.constant(zeros));
        let inputs = [values, &scales, &zeros];
        self.push(
            "DequantizeLinear",
            &inputs,
            &rounded(name),
            vec![int("axis", 0)],
        );
        rounded(name)
    }

    fn push(&mut self, op: &str, inputs: &[&str], output: &str, attributes: Vec<AttributeProto>) {
        self.nodes.push(node(op, inputs, output, attributes));
    }

    fn constant(&mut self, tensor: TensorProto) -> String {
        let name = tensor.name.clone();
        self.constants.push(tensor);
        name
    }

    /// Constants that are still read stay.
    fn finish(self) -> GraphProto {
        let read: BTreeSet<&String> = self.nodes.iter().flat_map(|node| &node.input).collect();
        let kept = |tensor: &&TensorProto| {
            !self.replaced.contains(&tensor.name) || read.contains(&tensor.name)
        };
        let mut initializer: Vec<_> = self
            .graph
            .initializer
            .iter()
            .filter(kept)
            .cloned()
            .collect();
        initializer.extend(self.constants);
        GraphProto {
            initializer,
            node: self.nodes,
            ..self.graph.clone()
        }
    }
}

fn groups(node: &NodeProto) -> usize {
    let mut attributes = node.attribute.iter();
    let groups = attributes.find(|attribute| attribute.name == "group");
    groups.map_or(1, |attribute| attribute.i.max(1) as usize)
}

fn quantized(name: &str) -> String {
    format!("{name}_quantized")
}

/// The value after it was rounded to integers, as real numbers.
fn rounded(name: &str) -> String {
    format!("{name}_dequantized")
}
