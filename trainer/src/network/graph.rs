//! A network as a list of standard layers in order of execution.

use std::ops::Range;

/// The position of a node in its [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) usize);

/// A convolution without dilation, square kernel, zero padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conv {
    /// Name of the weight, shape (out, in / groups, kernel, kernel).
    pub weight: String,
    /// Shape of the whole stored weight; `columns` may use a part of its inputs.
    pub weight_shape: [usize; 4],
    /// Input channels of the stored weight that this layer applies, in order;
    /// empty means all. A linear layer over concatenated inputs can so be run
    /// piece by piece, each piece at its own resolution.
    pub columns: Vec<Range<usize>>,
    /// Name of the bias, shape (out); `None` when the layer has none.
    pub bias: Option<String>,
    /// Step between two outputs, in input pixels.
    pub stride: usize,
    /// Zeros added on each side, in input pixels.
    pub padding: usize,
    /// Number of channel groups (= input channels for a depthwise convolution).
    pub groups: usize,
}

impl Conv {
    /// A convolution over all inputs of `name.weight`, without bias, that keeps
    /// the picture's size at stride 1.
    #[must_use]
    pub fn new(name: &str, inputs: usize, outputs: usize, kernel: usize) -> Self {
        Self {
            weight: format!("{name}.weight"),
            weight_shape: [outputs, inputs, kernel, kernel],
            columns: Vec::new(),
            bias: None,
            stride: 1,
            padding: kernel / 2,
            groups: 1,
        }
    }

    /// The same layer with a step of `stride` pixels.
    #[must_use]
    pub fn stride(mut self, stride: usize) -> Self {
        self.stride = stride;
        self
    }

    /// The same layer with the bias `bias` (a full parameter name).
    #[must_use]
    pub fn bias(mut self, bias: impl Into<String>) -> Self {
        self.bias = Some(bias.into());
        self
    }

    /// The layer made depthwise: one filter for each channel.
    #[must_use]
    pub fn depthwise(mut self) -> Self {
        self.groups = self.weight_shape[0];
        self.weight_shape[1] = 1;
        self
    }

    /// Applies only these input channels of the stored weight.
    #[must_use]
    pub fn columns(mut self, columns: Vec<Range<usize>>) -> Self {
        self.columns = columns;
        self
    }

    /// Number of output channels.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.weight_shape[0]
    }
}

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
    },
    /// max(x, 0)
    Relu,
    /// min(max(x, 0), 6)
    Relu6,
    /// Maximum over a square window; sizes are rounded down.
    MaxPool {
        /// Side of the window, pixels.
        kernel: usize,
        /// Step, pixels.
        stride: usize,
        /// Padding on each side, pixels.
        padding: usize,
    },
    /// Mean over 3×3, stride 1, zero padding 1, padded zeros counted (SPEC 4.1).
    AveragePool3,
    /// Sum of two tensors of one shape.
    Add,
    /// Appends the row coordinate and the column coordinate of every position as
    /// two channels, each −1…1 (`CoordConv`, SPEC 4.4).
    AppendCoordinates,
    /// Bilinear resize of the first input to height and width of the second,
    /// corners not aligned (SPEC 4.2).
    UpsampleLike,
}

/// Epsilon of every batch normalisation in torchvision's networks.
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

    /// Adds a batch normalisation over the parameters `name.*`.
    pub fn batch_norm(&mut self, x: NodeId, name: &str) -> NodeId {
        let channels = self.channels(x);
        let name = name.to_owned();
        self.push(Op::BatchNorm { name, channels }, &[x], channels)
    }

    /// Adds an operation that keeps the number of channels of its first input.
    pub fn apply(&mut self, op: Op, inputs: &[NodeId]) -> NodeId {
        let channels = inputs.first().map_or(0, |&x| self.channels(x));
        self.push(op, inputs, channels)
    }

    /// Adds [`Op::AppendCoordinates`].
    pub fn append_coordinates(&mut self, x: NodeId) -> NodeId {
        let channels = self.channels(x) + 2;
        self.push(Op::AppendCoordinates, &[x], channels)
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
                (op, Some((h, w)), _) => (op.output_side(h)?, op.output_side(w)?),
                _ => return None,
            };
            sizes.push(size);
        }
        Some(sizes)
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
        let (kernel, stride, padding) = match self {
            Self::Conv(conv) => (conv.weight_shape[3], conv.stride, conv.padding),
            Self::MaxPool {
                kernel,
                stride,
                padding,
            } => (*kernel, *stride, *padding),
            _ => return Some(input),
        };
        let room = (input + 2 * padding).checked_sub(kernel)?;
        Some(room / stride + 1)
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
            Self::BatchNorm { name, channels } => ["weight", "bias", "running_mean", "running_var"]
                .iter()
                .map(|part| parameter(format!("{name}.{part}"), &[*channels]))
                .collect(),
            _ => Vec::new(),
        }
    }
}
