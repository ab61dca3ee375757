//! A network as a list of standard layers in order of execution.

use cfa_runtime::BrokenInvariant;

use super::conv::Conv;

/// The position of a node in its [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) usize);

/// What a node computes from its inputs.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    /// The n-th input of the graph, N×C×H×W.
    Input,
    /// A convolution.
    Conv(Conv),
    /// Batch normalisation with its running statistics (evaluation mode), over
    /// the parameters `name.{weight,bias,running_mean,running_var}`.
    BatchNorm {
        /// Prefix of the four parameters.
        name: String,
        /// Number of channels.
        channels: usize,
        /// Added to the variance.
        epsilon: f64,
    },
    /// max(x, 0)
    Relu,
    /// min(max(x, 0), 6)
    Relu6,
    /// max(x, `slope`·x)
    LeakyRelu {
        /// Factor of negative values, 0…1.
        slope: f32,
    },
    /// 1 / (1 + exp(−x))
    Sigmoid,
    /// x · sigmoid(x), also called swish.
    Silu,
    /// min(max(x + 3, 0), 6) / 6
    HardSigmoid,
    /// x · min(max(x + 3, 0), 6) / 6
    HardSwish,
    /// Maximum over a square window; sizes are rounded down.
    MaxPool {
        /// Side of the window, pixels.
        kernel: usize,
        /// Step, pixels.
        stride: usize,
        /// Padding on each side, pixels.
        padding: usize,
    },
    /// Mean over 3×3, stride 1, zero padding 1, padded zeros counted (METHOD.md, section 4).
    AveragePool3,
    /// Mean over all positions: N×C×1×1.
    GlobalAveragePool,
    /// Sum of two tensors of one shape.
    Add,
    /// The first input times the second, which has its shape or N×C×1×1.
    Multiply,
    /// Every value times this factor.
    Scale(f32),
    /// The channels of all inputs one behind the other; sizes are the same.
    Concat,
    /// Appends the row coordinate and the column coordinate of every position as
    /// two channels, each −1…1 (`CoordConv`, METHOD.md, section 4).
    AppendCoordinates,
    /// A linear map of the channels at every position, channels last in the result:
    /// N×H×W×C. Only as a result of the graph.
    Linear(Linear),
    /// Bilinear resize of the first input to height and width of the second,
    /// corners not aligned (METHOD.md, section 4).
    UpsampleLike,
}

/// A linear layer over channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linear {
    /// Name of the weight, shape (in, out).
    pub weight: String,
    /// Input and output channels.
    pub weight_shape: [usize; 2],
    /// Name of the bias, shape (out); `None` when the layer has none.
    pub bias: Option<String>,
}

/// Epsilon of a batch normalisation unless a network says otherwise: `PyTorch`'s.
pub(super) const BATCH_NORM_EPSILON: f64 = 1e-5;

/// An operation and the nodes that it reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What is computed.
    pub op: Op,
    /// Where its inputs come from; always earlier nodes.
    pub inputs: Vec<NodeId>,
    /// Channels of the result.
    pub channels: usize,
}

/// A stored tensor that a graph needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Parameter {
    /// Name, as in torchvision's files.
    pub name: String,
    /// Shape.
    pub shape: Vec<usize>,
}

/// A network: nodes in order of execution, and which of them are results.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Graph {
    nodes: Vec<Node>,
    outputs: Vec<NodeId>,
}

impl NodeId {
    /// Index of the node in [`Graph::nodes`].
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }
}

impl Graph {
    /// An empty graph.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an input of `channels` channels.
    pub fn input(&mut self, channels: usize) -> NodeId {
        self.push(Op::Input, &[], channels)
    }

    /// Adds a convolution.
    pub fn conv(&mut self, x: NodeId, conv: Conv) -> NodeId {
        let channels = conv.outputs();
        self.push(Op::Conv(conv), &[x], channels)
    }

    /// Adds a batch normalisation over the parameters `name.*` with `PyTorch`'s
    /// usual epsilon, 1e-5.
    pub fn batch_norm(&mut self, x: NodeId, name: &str) -> NodeId {
        self.batch_norm_with(x, name, BATCH_NORM_EPSILON)
    }

    /// Adds a batch normalisation with an epsilon of its own.
    pub fn batch_norm_with(&mut self, x: NodeId, name: &str, epsilon: f64) -> NodeId {
        let channels = self.channels(x);
        let norm = Op::BatchNorm {
            name: name.to_owned(),
            channels,
            epsilon,
        };
        self.push(norm, &[x], channels)
    }

    /// Adds [`Op::Linear`].
    pub fn linear(&mut self, x: NodeId, linear: Linear) -> NodeId {
        let [_, channels] = linear.weight_shape;
        self.push(Op::Linear(linear), &[x], channels)
    }

    /// Adds [`Op::Concat`].
    pub fn concat(&mut self, inputs: &[NodeId]) -> NodeId {
        let channels = inputs.iter().map(|&x| self.channels(x)).sum();
        self.push(Op::Concat, inputs, channels)
    }

    /// Adds an operation that keeps the number of channels of its first input.
    ///
    /// # Panics
    /// There is no input.
    pub fn apply(&mut self, op: Op, inputs: &[NodeId]) -> NodeId {
        let channels = self.channels(inputs[0]);
        self.push(op, inputs, channels)
    }

    /// Adds [`Op::AppendCoordinates`].
    pub fn append_coordinates(&mut self, x: NodeId) -> NodeId {
        let channels = self.channels(x) + 2;
        self.push(Op::AppendCoordinates, &[x], channels)
    }

    /// The outputs of a backbone, which has one for each of its three feature maps.
    ///
    /// # Errors
    /// There are more or fewer outputs.
    pub fn three_outputs(&self) -> Result<[NodeId; 3], BrokenInvariant> {
        let outputs = <[NodeId; 3]>::try_from(self.outputs());
        outputs.map_err(|_other| BrokenInvariant("a backbone has three feature maps"))
    }

    /// The nodes of this graph without its outputs.
    #[must_use]
    pub fn without_outputs(&self) -> Self {
        Self {
            nodes: self.nodes.clone(),
            outputs: Vec::new(),
        }
    }

    /// Names a node as the next result.
    pub fn output(&mut self, node: NodeId) {
        self.outputs.push(node);
    }

    /// Channels of a node's result.
    #[must_use]
    pub fn channels(&self, node: NodeId) -> usize {
        self.nodes[node.0].channels
    }

    /// The nodes in order of execution.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The results, in order.
    #[must_use]
    pub fn outputs(&self) -> &[NodeId] {
        &self.outputs
    }

    /// Every stored tensor that the graph reads, sorted by name, each once.
    #[must_use]
    pub fn parameters(&self) -> Vec<Parameter> {
        let mut all: Vec<_> = self.nodes.iter().flat_map(|n| n.op.parameters()).collect();
        all.sort();
        all.dedup();
        all
    }

    /// Number of trained values: all stored ones but the batch statistics.
    #[must_use]
    pub fn learned_values(&self) -> usize {
        let parameters = self.parameters().into_iter();
        let learned = parameters.filter(|p| !p.name.contains(".running_"));
        learned.map(|p| p.shape.iter().product::<usize>()).sum()
    }

    /// Height and width of every node's result for inputs of
    /// `height`×`width` pixels; `None` when one would be empty.
    #[must_use]
    pub fn sizes(&self, height: usize, width: usize) -> Option<Vec<(usize, usize)>> {
        let mut sizes: Vec<(usize, usize)> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let of = |i: usize| node.inputs.get(i).map(|&NodeId(n)| sizes[n]);
            let size = match (&node.op, of(0), of(1)) {
                (Op::Input, ..) => (height, width),
                (Op::UpsampleLike, _, Some(like)) => like,
                (Op::GlobalAveragePool, ..) => (1, 1),
                (op, Some((h, w)), _) => (op.output_side(h)?, op.output_side(w)?),
                _ => return None,
            };
            sizes.push(size);
        }
        Some(sizes)
    }

    /// For each node, the last one that reads it; `usize::MAX` for outputs.
    pub(super) fn last_use(&self) -> Vec<usize> {
        let mut last = vec![0; self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            for &NodeId(i) in &node.inputs {
                last[i] = index;
            }
        }
        for &NodeId(i) in &self.outputs {
            last[i] = usize::MAX;
        }
        last
    }

    /// The most values that are held at once while the graph runs on one input of
    /// `height`×`width` pixels and drops what is not read any more; `None` when a result
    /// would be empty.
    #[must_use]
    pub fn live_values(&self, height: usize, width: usize) -> Option<usize> {
        let (sizes, last) = (self.sizes(height, width)?, self.last_use());
        let values = |i: usize| self.channels(NodeId(i)) * sizes[i].0 * sizes[i].1;
        let (mut live, mut most) = (0, 0);
        for (index, node) in self.nodes.iter().enumerate() {
            live += values(index);
            most = most.max(live);
            let mut read = node.inputs.clone();
            read.sort_unstable();
            read.dedup();
            let dropped = read.iter().filter(|&&NodeId(i)| last[i] == index);
            live -= dropped.map(|&NodeId(i)| values(i)).sum::<usize>();
        }
        Some(most)
    }

    /// Multiplications and additions of pairs in all convolutions and linear layers, for one input
    /// of `height`×`width` pixels (twice this is the usual count of FLOP);
    /// `None` when a result would be empty.
    #[must_use]
    pub fn multiply_adds(&self, height: usize, width: usize) -> Option<u64> {
        let sizes = self.sizes(height, width)?;
        let layers = self.nodes.iter().zip(sizes);
        let work = layers.filter_map(|(node, (h, w))| match &node.op {
            Op::Conv(conv) => Some((conv.weight_shape.iter().product::<usize>() * h * w) as u64),
            Op::Linear(linear) => {
                Some((linear.weight_shape.iter().product::<usize>() * h * w) as u64)
            }
            _ => None,
        });
        Some(work.sum())
    }

    pub(super) fn push(&mut self, op: Op, inputs: &[NodeId], channels: usize) -> NodeId {
        self.nodes.push(Node {
            op,
            inputs: inputs.to_vec(),
            channels,
        });
        NodeId(self.nodes.len() - 1)
    }
}

impl Op {
    /// Side of the result for a side of `input` pixels, rounded down; `None` when
    /// nothing is left.
    fn output_side(&self, input: usize) -> Option<usize> {
        let (kernel, stride, zeros) = match self {
            Self::Conv(conv) => {
                let (before, behind) = conv.zeros(input);
                (conv.kernel(), conv.stride, before + behind)
            }
            Self::MaxPool {
                kernel,
                stride,
                padding,
            } => (*kernel, *stride, 2 * padding),
            _ => return Some(input),
        };
        let room = (input + zeros).checked_sub(kernel)?;
        (input > 0).then_some(room / stride + 1)
    }

    /// The stored tensors that this operation reads.
    #[must_use]
    pub fn parameters(&self) -> Vec<Parameter> {
        let parameter = |name: String, shape: &[usize]| Parameter {
            name,
            shape: shape.to_vec(),
        };
        match self {
            Self::Conv(conv) => std::iter::once(parameter(conv.weight.clone(), &conv.weight_shape))
                .chain(
                    conv.bias
                        .iter()
                        .map(|b| parameter(b.clone(), &[conv.outputs()])),
                )
                .collect(),
            Self::Linear(linear) => {
                let bias = linear.bias.iter();
                let bias = bias.map(|b| parameter(b.clone(), &linear.weight_shape[1..]));
                std::iter::once(parameter(linear.weight.clone(), &linear.weight_shape))
                    .chain(bias)
                    .collect()
            }
            Self::BatchNorm { name, channels, .. } => {
                ["weight", "bias", "running_mean", "running_var"]
                    .iter()
                    .map(|part| parameter(format!("{name}.{part}"), &[*channels]))
                    .collect()
            }
            _ => Vec::new(),
        }
    }
}
