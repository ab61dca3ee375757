//! One graph node after the other, each as the ONNX operators of the same meaning.

use cfa_runtime::training_support::onnx::message::{
    batched_value, float, float_tensor, int, int_tensor, ints, node, string,
};
use cfa_runtime::training_support::onnx::proto::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
};
use cfa_runtime::training_support::signature::level_name;

use cfa_runtime::training_support::cfa::head::coordinate;
use cfa_runtime::training_support::signature::INPUT;

use super::super::conv::Conv;
use super::super::graph::{Graph, Linear, Node, NodeId, Op};
use super::super::parameters::{Parameters, WeightTensor};
use super::error::OnnxError;

/// Name of the output of a graph that has one: φ, batch×D×h×w, f32. Several outputs are
/// called `level1`, `level2` and so on.
pub const OUTPUT: &str = "features";

const IR_VERSION: i64 = 8;
const OPSET: i64 = 17;

pub(super) fn model(
    graph: &Graph,
    parameters: &Parameters,
    (height, width): (usize, usize),
) -> Result<ModelProto, OnnxError> {
    let sizes = graph
        .sizes(height, width)
        .ok_or(OnnxError::InputTooSmall { height, width })?;
    let mut writer = Writer {
        graph,
        parameters,
        sizes: &sizes,
        nodes: Vec::new(),
        initializers: Vec::new(),
    };
    for (index, node) in graph.nodes().iter().enumerate() {
        writer.write(index, node)?;
    }
    Ok(ModelProto {
        ir_version: IR_VERSION,
        producer_name: env!("CARGO_PKG_NAME").to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        graph: Some(writer.finish(height, width)),
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: OPSET,
        }],
        metadata_props: Vec::new(),
    })
}

struct Writer<'a> {
    graph: &'a Graph,
    parameters: &'a Parameters,
    sizes: &'a [(usize, usize)],
    nodes: Vec<NodeProto>,
    initializers: Vec<TensorProto>,
}

impl Writer<'_> {
    /// Name of a node's result.
    fn value(&self, NodeId(index): NodeId) -> String {
        let mut outputs = self.graph.outputs().iter();
        if let Some(number) = outputs.position(|&output| output == NodeId(index)) {
            return output_name(self.graph, number);
        }
        match &self.graph.nodes()[index].op {
            Op::Input => INPUT.to_owned(),
            _ => format!("value_{index}"),
        }
    }

    fn write(&mut self, index: usize, node: &Node) -> Result<(), OnnxError> {
        let output = self.value(NodeId(index));
        let inputs: Vec<_> = node.inputs.iter().map(|&i| self.value(i)).collect();
        let inputs: Vec<_> = inputs.iter().map(String::as_str).collect();
        match &node.op {
            Op::Input => {}
            Op::Conv(conv) => {
                let input_size = self.sizes[node.inputs[0].index()];
                self.convolution(conv, input_size, &inputs, &output)?;
            }
            Op::BatchNorm { name, .. } => return Err(OnnxError::LooseBatchNorm(name.clone())),
            Op::Relu => self.push("Relu", &inputs, &output, vec![]),
            Op::Relu6 => self.relu6(&inputs, &output),
            Op::LeakyRelu { slope } => {
                self.push("LeakyRelu", &inputs, &output, vec![float("alpha", *slope)]);
            }
            Op::Sigmoid => self.push("Sigmoid", &inputs, &output, vec![]),
            Op::Silu => self.silu(&inputs, &output),
            Op::HardSigmoid => {
                let line = vec![float("alpha", 1.0 / 6.0), float("beta", 0.5)];
                self.push("HardSigmoid", &inputs, &output, line);
            }
            Op::HardSwish => self.push("HardSwish", &inputs, &output, vec![]),
            Op::MaxPool {
                kernel,
                stride,
                padding,
            } => {
                let window = window(*kernel, *stride, [*padding; 4]);
                self.push("MaxPool", &inputs, &output, window);
            }
            Op::AveragePool3 => {
                let mut window = window(3, 1, [1; 4]);
                window.push(int("count_include_pad", 1));
                self.push("AveragePool", &inputs, &output, window);
            }
            Op::GlobalAveragePool => {
                self.push("GlobalAveragePool", &inputs, &output, vec![]);
            }
            Op::Add => self.push("Add", &inputs, &output, vec![]),
            Op::Multiply => self.push("Mul", &inputs, &output, vec![]),
            Op::Scale(factor) => self.scale(*factor, &inputs, &output),
            Op::Concat => self.push("Concat", &inputs, &output, vec![int("axis", 1)]),
            Op::AppendCoordinates => self.append_coordinates(index, &inputs, &output),
            Op::Linear(linear) => self.linear(linear, &inputs, &output)?,
            Op::UpsampleLike => self.upsample_like(&inputs, &output),
        }
        Ok(())
    }

    fn push(&mut self, op: &str, inputs: &[&str], output: &str, attributes: Vec<AttributeProto>) {
        self.nodes.push(node(op, inputs, output, attributes));
    }

    /// Adds a constant unless one of that name is there; returns its name.
    fn constant(&mut self, tensor: TensorProto) -> String {
        let name = tensor.name.clone();
        if self.initializers.iter().all(|t| t.name != name) {
            self.initializers.push(tensor);
        }
        name
    }

    fn parameter(&self, name: &str) -> Result<&WeightTensor, OnnxError> {
        self.parameters
            .get(name)
            .ok_or_else(|| OnnxError::MissingParameter(name.to_owned()))
    }

    fn convolution(
        &mut self,
        conv: &Conv,
        (height, width): (usize, usize),
        x: &[&str],
        output: &str,
    ) -> Result<(), OnnxError> {
        let stored = self.parameter(&conv.weight)?;
        let weight = if conv.columns.is_empty() {
            float_tensor(&conv.weight, &stored.shape, &stored.values)
        } else {
            selected_columns(conv, stored)
        };
        let mut inputs = vec![x[0].to_owned(), self.constant(weight)];
        if let Some(name) = &conv.bias {
            let bias = self.parameter(name)?;
            let bias = float_tensor(name, &bias.shape, &bias.values);
            inputs.push(self.constant(bias));
        }
        let (rows, columns) = (conv.zeros(height), conv.zeros(width));
        let zeros = [rows.0, columns.0, rows.1, columns.1];
        let mut attributes = window(conv.kernel(), conv.stride, zeros);
        attributes.push(int("group", conv.groups));
        let inputs: Vec<_> = inputs.iter().map(String::as_str).collect();
        self.push("Conv", &inputs, output, attributes);
        Ok(())
    }

    /// Channels go last first: ONNX Runtime makes that part of the layer before.
    fn linear(&mut self, linear: &Linear, x: &[&str], output: &str) -> Result<(), OnnxError> {
        let stored = |name: &String| {
            let tensor = self.parameter(name)?;
            Ok::<_, OnnxError>(float_tensor(name, &tensor.shape, &tensor.values))
        };
        let weight = stored(&linear.weight)?;
        let bias = linear.bias.as_ref().map(stored).transpose()?;
        let weight = self.constant(weight);
        let channels_last = format!("{output}_channels_last");
        self.push(
            "Transpose",
            x,
            &channels_last,
            vec![ints("perm", &[0, 2, 3, 1])],
        );
        let Some(bias) = bias else {
            self.push("MatMul", &[&channels_last, &weight], output, vec![]);
            return Ok(());
        };
        let bias = self.constant(bias);
        let product = format!("{output}_product");
        self.push("MatMul", &[&channels_last, &weight], &product, vec![]);
        self.push("Add", &[&product, &bias], output, vec![]);
        Ok(())
    }

    fn relu6(&mut self, x: &[&str], output: &str) {
        let low = self.constant(float_tensor("zero", &[], &[0.0]));
        let high = self.constant(float_tensor("six", &[], &[6.0]));
        self.push("Clip", &[x[0], &low, &high], output, vec![]);
    }

    fn silu(&mut self, x: &[&str], output: &str) {
        let gate = format!("{output}_sigmoid");
        self.push("Sigmoid", x, &gate, vec![]);
        self.push("Mul", &[x[0], &gate], output, vec![]);
    }

    fn scale(&mut self, factor: f32, x: &[&str], output: &str) {
        let factor = self.constant(float_tensor(&format!("{output}_factor"), &[], &[factor]));
        self.push("Mul", &[x[0], &factor], output, vec![]);
    }

    /// The coordinates are constants; only the batch size is asked of the input.
    fn append_coordinates(&mut self, index: usize, x: &[&str], output: &str) {
        let (h, w) = self.sizes[index];
        let coordinates = self.constant(float_tensor(
            "coordinates",
            &[1, 2, h, w],
            &coordinate_values(h, w),
        ));
        let tail = self.constant(int_tensor("coordinates_shape", &[2, h, w]));
        self.push(
            "Shape",
            x,
            "batch_size",
            vec![int("start", 0), int("end", 1)],
        );
        let axis = || vec![int("axis", 0)];
        self.push(
            "Concat",
            &["batch_size", &tail],
            "batched_coordinates_shape",
            axis(),
        );
        let expand = [coordinates.as_str(), "batched_coordinates_shape"];
        self.push("Expand", &expand, "batched_coordinates", vec![]);
        let channels = vec![int("axis", 1)];
        self.push("Concat", &[x[0], "batched_coordinates"], output, channels);
    }

    fn upsample_like(&mut self, inputs: &[&str], output: &str) {
        let size = format!("{}_shape", inputs[1]);
        if self.nodes.iter().all(|n| n.output.first() != Some(&size)) {
            self.push("Shape", &inputs[1..], &size, vec![]);
        }
        let attributes = vec![
            string("mode", "linear"),
            string("coordinate_transformation_mode", "half_pixel"),
        ];
        self.push("Resize", &[inputs[0], "", "", &size], output, attributes);
    }

    fn finish(self, height: usize, width: usize) -> GraphProto {
        let outputs = self.graph.outputs().iter().enumerate();
        let output = outputs.map(|(number, &NodeId(index))| {
            let (h, w) = self.sizes[index];
            let channels = self.graph.channels(NodeId(index));
            let shape = match self.graph.nodes()[index].op {
                Op::Linear(_) => [h, w, channels],
                _ => [channels, h, w],
            };
            batched_value(&output_name(self.graph, number), &shape)
        });
        GraphProto {
            name: "cfa".to_owned(),
            input: vec![batched_value(INPUT, &[3, height, width])],
            output: output.collect(),
            node: self.nodes,
            initializer: self.initializers,
        }
    }
}

/// One output is the descriptors, several are their levels.
fn output_name(graph: &Graph, number: usize) -> String {
    match graph.outputs() {
        [_] => OUTPUT.to_owned(),
        _ => level_name(number),
    }
}

/// `zeros` are above, left, below, right.
fn window(kernel: usize, stride: usize, zeros: [usize; 4]) -> Vec<AttributeProto> {
    vec![
        ints("kernel_shape", &[kernel, kernel]),
        ints("strides", &[stride, stride]),
        ints("pads", &zeros),
    ]
}

/// The part of a weight (out, in, kh, kw) over the layer's input columns, which are some.
fn selected_columns(conv: &Conv, stored: &WeightTensor) -> TensorProto {
    let [outputs, inputs, kh, kw] = conv.weight_shape;
    let columns: Vec<usize> = conv.columns.iter().cloned().flatten().collect();
    let area = kh * kw;
    let mut values = Vec::with_capacity(outputs * columns.len() * area);
    for row in stored.values.chunks_exact(inputs * area) {
        for &column in &columns {
            values.extend_from_slice(&row[column * area..(column + 1) * area]);
        }
    }
    let name = format!("{}.from_{}", conv.weight, columns[0]);
    float_tensor(&name, &[outputs, columns.len(), kh, kw], &values)
}

/// Row coordinates, then column coordinates, each −1…1 (METHOD.md, section 4).
fn coordinate_values(h: usize, w: usize) -> Vec<f32> {
    let rows = (0..h * w).map(|i| coordinate(i / w, h));
    let columns = (0..h * w).map(|i| coordinate(i % w, w));
    rows.chain(columns).collect()
}
