//! The described network, run by libtorch.

use std::collections::BTreeMap;

use tch::{Device, Kind, TchError, Tensor};

use super::conv::Conv;
use super::graph::{Graph, Linear, Node, NodeId, Op};
use super::parameters::Parameters;

/// The three pooled feature maps of N pictures (N×Cᵢ×hᵢ×wᵢ), highest resolution
/// first.
pub type PooledMaps = [Tensor; 3];

/// A graph with its parameters on a device.
#[derive(Debug)]
pub struct TorchNetwork {
    graph: Graph,
    parameters: BTreeMap<String, Tensor>,
}

impl TorchNetwork {
    /// Copies the parameters that `graph` reads to `device`.
    ///
    /// # Errors
    /// A parameter is missing (see [`super::check_parameters`]) or does not fit
    /// into the device's memory.
    pub fn new(graph: Graph, parameters: &Parameters, device: Device) -> Result<Self, TchError> {
        let mut tensors = BTreeMap::new();
        for wanted in graph.parameters() {
            let stored = parameters.get(&wanted.name).ok_or_else(|| {
                TchError::TensorNameNotFound(wanted.name.clone(), "the weights".into())
            })?;
            let shape: Vec<i64> = stored.shape.iter().map(|&n| n as i64).collect();
            let tensor = Tensor::f_from_slice(&stored.values)?
                .f_reshape(&shape)?
                .f_to_device(device)?;
            tensors.insert(wanted.name, tensor);
        }
        Ok(Self {
            graph,
            parameters: tensors,
        })
    }

    /// A network over tensors that somebody else owns, for instance parameters
    /// that are being trained: gradients flow back into them.
    #[must_use]
    pub fn from_tensors(graph: Graph, parameters: BTreeMap<String, Tensor>) -> Self {
        Self { graph, parameters }
    }

    /// Runs the graph on its inputs (each N×C×H×W, f32) and returns its outputs.
    /// A tensor is dropped as soon as no later node reads it.
    ///
    /// # Errors
    /// A shape that does not fit, or memory that runs out; as libtorch says it.
    pub fn forward(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>, TchError> {
        let last_use = self.graph.last_use();
        let mut inputs = inputs.iter();
        let mut values: Vec<Option<Tensor>> = Vec::with_capacity(last_use.len());
        for (index, node) in self.graph.nodes().iter().enumerate() {
            let value = if node.op == Op::Input {
                let input = inputs
                    .next()
                    .ok_or_else(|| TchError::Shape("the graph needs more inputs".into()))?;
                input.shallow_clone()
            } else {
                self.compute(node, &read(&values, &node.inputs)?)?
            };
            values.push(Some(value));
            for &NodeId(i) in &node.inputs {
                if last_use[i] == index {
                    values[i] = None;
                }
            }
        }
        read(&values, self.graph.outputs())
    }

    fn parameter(&self, name: &str) -> Result<&Tensor, TchError> {
        self.parameters
            .get(name)
            .ok_or_else(|| TchError::TensorNameNotFound(name.into(), "the network".into()))
    }

    fn compute(&self, node: &Node, inputs: &[Tensor]) -> Result<Tensor, TchError> {
        let x = &inputs[0];
        match &node.op {
            Op::Input => Ok(x.shallow_clone()),
            Op::Conv(conv) => self.convolution(x, conv),
            Op::BatchNorm { name, epsilon, .. } => self.batch_norm(x, name, *epsilon),
            Op::Relu => x.f_relu(),
            Op::Relu6 => x.f_clamp(0.0, 6.0),
            Op::LeakyRelu { slope } => x.f_maximum(&x.f_mul_scalar(f64::from(*slope))?),
            Op::Sigmoid => x.f_sigmoid(),
            Op::Silu => x.f_silu(),
            Op::HardSigmoid => x.f_hardsigmoid(),
            Op::HardSwish => x.f_hardswish(),
            Op::MaxPool {
                kernel,
                stride,
                padding,
            } => {
                let [k, s, p] = [*kernel, *stride, *padding].map(|n| n as i64);
                x.f_max_pool2d([k, k], [s, s], [p, p], [1, 1], false)
            }
            Op::AveragePool3 => x.f_avg_pool2d([3, 3], [1, 1], [1, 1], false, true, None),
            Op::GlobalAveragePool => x.f_adaptive_avg_pool2d([1, 1]),
            Op::Add => x.f_add(&inputs[1]),
            Op::Multiply => x.f_mul(&inputs[1]),
            Op::Scale(factor) => x.f_mul_scalar(f64::from(*factor)),
            Op::Concat => Tensor::f_cat(inputs, 1),
            Op::AppendCoordinates => append_coordinates(x),
            Op::Linear(linear) => self.linear(x, linear),
            Op::UpsampleLike => {
                let (_, _, h, w) = inputs[1].size4()?;
                x.f_upsample_bilinear2d([h, w], false, None, None)
            }
        }
    }

    fn convolution(&self, x: &Tensor, conv: &Conv) -> Result<Tensor, TchError> {
        let weight = select_columns(self.parameter(&conv.weight)?, conv)?;
        let bias = conv.bias.as_ref().map(|b| self.parameter(b)).transpose()?;
        let (_, _, height, width) = x.size4()?;
        let (rows, columns) = (conv.zeros(height as usize), conv.zeros(width as usize));
        let [top, bottom, left, right] = [rows.0, rows.1, columns.0, columns.1].map(|n| n as i64);
        let (stride, groups) = (conv.stride as i64, conv.groups as i64);
        let convolved = |x: &Tensor, zeros: [i64; 2]| {
            x.f_conv2d(&weight, bias, [stride, stride], zeros, [1, 1], groups)
        };
        if (top, left) == (bottom, right) {
            return convolved(x, [top, left]);
        }
        convolved(&x.f_constant_pad_nd([left, right, top, bottom])?, [0, 0])
    }

    fn linear(&self, x: &Tensor, linear: &Linear) -> Result<Tensor, TchError> {
        let channels_last = x.f_permute([0, 2, 3, 1])?;
        let product = channels_last.f_matmul(self.parameter(&linear.weight)?)?;
        match &linear.bias {
            Some(bias) => product.f_add(self.parameter(bias)?),
            None => Ok(product),
        }
    }

    fn batch_norm(&self, x: &Tensor, name: &str, epsilon: f64) -> Result<Tensor, TchError> {
        let part = |part: &str| self.parameter(&format!("{name}.{part}")).map(Some);
        x.f_batch_norm(
            part("weight")?,
            part("bias")?,
            part("running_mean")?,
            part("running_var")?,
            false,
            0.0,
            epsilon,
            false,
        )
    }
}

fn read(values: &[Option<Tensor>], nodes: &[NodeId]) -> Result<Vec<Tensor>, TchError> {
    nodes
        .iter()
        .map(|&NodeId(i)| match values.get(i) {
            Some(Some(value)) => Ok(value.shallow_clone()),
            _ => Err(TchError::Shape(format!("node {i} is read too early"))),
        })
        .collect()
}

fn select_columns(weight: &Tensor, conv: &Conv) -> Result<Tensor, TchError> {
    if conv.columns.is_empty() {
        return Ok(weight.shallow_clone());
    }
    let pieces = conv
        .columns
        .iter()
        .map(|c| weight.f_narrow(1, c.start as i64, c.len() as i64))
        .collect::<Result<Vec<_>, _>>()?;
    Tensor::f_cat(&pieces, 1)
}

fn append_coordinates(x: &Tensor) -> Result<Tensor, TchError> {
    let (n, _, h, w) = x.size4()?;
    let ramp = |steps| Tensor::f_linspace(-1.0, 1.0, steps, (Kind::Float, x.device()));
    let rows = ramp(h)?
        .f_reshape([1, 1, h, 1])?
        .f_expand([n, 1, h, w], true)?;
    let columns = ramp(w)?
        .f_reshape([1, 1, 1, w])?
        .f_expand([n, 1, h, w], true)?;
    Tensor::f_cat(&[x, &rows, &columns], 1)
}
