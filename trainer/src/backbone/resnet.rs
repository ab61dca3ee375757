//! Residual networks (arXiv 1512.03385, wide: 1605.07146) up to layer3, with
//! the stride on the 3×3 convolution as torchvision has it.

use super::tap::TapActivation;
use crate::network::{Conv, Graph, NodeId, Op};

/// The kind of residual block.
#[derive(Clone, Copy)]
enum Block {
    /// Two 3×3 convolutions.
    Basic,
    /// 1×1, 3×3, 1×1; the middle has `width` × the stage's channels, the end 4 ×.
    Bottleneck { width: usize },
}

impl Block {
    fn outputs(self, stage_channels: usize) -> usize {
        match self {
            Self::Basic => stage_channels,
            Self::Bottleneck { .. } => 4 * stage_channels,
        }
    }
}

/// Kind of block, and blocks in each of the three layers.
#[derive(Clone, Copy)]
pub(super) struct Residuals {
    block: Block,
    depths: [usize; 3],
}

pub(super) const RESNET18: Residuals = Residuals {
    block: Block::Basic,
    depths: [2, 2, 2],
};
pub(super) const RESNET34: Residuals = Residuals {
    block: Block::Basic,
    depths: [3, 4, 6],
};
pub(super) const RESNET50: Residuals = Residuals {
    block: Block::Bottleneck { width: 1 },
    depths: [3, 4, 6],
};
pub(super) const WIDE_RESNET50: Residuals = Residuals {
    block: Block::Bottleneck { width: 2 },
    depths: [3, 4, 6],
};

impl Residuals {
    /// The three maps to tap: the ends of the layers, or with LeakyReLU what their
    /// last ReLU is applied to. The network itself goes on with the ReLU.
    pub(super) fn build(
        self,
        graph: &mut Graph,
        picture: NodeId,
        activation: TapActivation,
    ) -> [NodeId; 3] {
        let layer = |graph: &mut Graph, x, name, channels, depth, stride| {
            let sum = stage(graph, x, self.block, (name, channels), depth, stride);
            (sum, graph.apply(Op::Relu, &[sum]))
        };
        let [first, second, third] = self.depths;
        let x = stem(graph, picture);
        let (sum1, layer1) = layer(graph, x, "layer1", 64, first, 1);
        let (sum2, layer2) = layer(graph, layer1, "layer2", 128, second, 2);
        let sum3 = stage(graph, layer2, self.block, ("layer3", 256), third, 2);
        match activation {
            TapActivation::Relu => [layer1, layer2, graph.apply(Op::Relu, &[sum3])],
            TapActivation::LeakyRelu => [sum1, sum2, sum3],
        }
    }
}

fn stem(graph: &mut Graph, picture: NodeId) -> NodeId {
    let conv = Conv::new("conv1", 3, 64, 7).stride(2);
    let x = conv_norm(graph, picture, conv, "bn1");
    let x = graph.apply(Op::Relu, &[x]);
    let pool = Op::MaxPool {
        kernel: 3,
        stride: 2,
        padding: 1,
    };
    graph.apply(pool, &[x])
}

/// The sum at the end of the last block, before its ReLU.
fn stage(
    graph: &mut Graph,
    x: NodeId,
    block: Block,
    (name, channels): (&str, usize),
    depth: usize,
    stride: usize,
) -> NodeId {
    let first = residual_block(graph, x, block, &format!("{name}.0"), channels, stride);
    (1..depth).fold(first, |sum, i| {
        let x = graph.apply(Op::Relu, &[sum]);
        residual_block(graph, x, block, &format!("{name}.{i}"), channels, 1)
    })
}

fn residual_block(
    graph: &mut Graph,
    x: NodeId,
    block: Block,
    name: &str,
    channels: usize,
    stride: usize,
) -> NodeId {
    let inputs = graph.channels(x);
    let outputs = block.outputs(channels);
    let branch = match block {
        Block::Basic => basic_branch(graph, x, name, channels, stride),
        Block::Bottleneck { width } => {
            bottleneck_branch(graph, x, name, width * channels, outputs, stride)
        }
    };
    let shortcut = if stride == 1 && inputs == outputs {
        x
    } else {
        let conv = Conv::new(&format!("{name}.downsample.0"), inputs, outputs, 1).stride(stride);
        conv_norm(graph, x, conv, &format!("{name}.downsample.1"))
    };
    graph.apply(Op::Add, &[branch, shortcut])
}

fn basic_branch(graph: &mut Graph, x: NodeId, name: &str, width: usize, stride: usize) -> NodeId {
    let conv1 = Conv::new(&format!("{name}.conv1"), graph.channels(x), width, 3).stride(stride);
    let x = conv_norm(graph, x, conv1, &format!("{name}.bn1"));
    let x = graph.apply(Op::Relu, &[x]);
    let conv2 = Conv::new(&format!("{name}.conv2"), width, width, 3);
    conv_norm(graph, x, conv2, &format!("{name}.bn2"))
}

fn bottleneck_branch(
    graph: &mut Graph,
    x: NodeId,
    name: &str,
    width: usize,
    outputs: usize,
    stride: usize,
) -> NodeId {
    let conv1 = Conv::new(&format!("{name}.conv1"), graph.channels(x), width, 1);
    let x = conv_norm(graph, x, conv1, &format!("{name}.bn1"));
    let x = graph.apply(Op::Relu, &[x]);
    let conv2 = Conv::new(&format!("{name}.conv2"), width, width, 3).stride(stride);
    let x = conv_norm(graph, x, conv2, &format!("{name}.bn2"));
    let x = graph.apply(Op::Relu, &[x]);
    let conv3 = Conv::new(&format!("{name}.conv3"), width, outputs, 1);
    conv_norm(graph, x, conv3, &format!("{name}.bn3"))
}

fn conv_norm(graph: &mut Graph, x: NodeId, conv: Conv, norm: &str) -> NodeId {
    let x = graph.conv(x, conv);
    graph.batch_norm(x, norm)
}
