//! Residual networks (arXiv 1512.03385, wide: 1605.07146) up to layer3, with
//! the stride on the 3×3 convolution as torchvision has it.

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

pub(super) fn resnet18(graph: &mut Graph, picture: NodeId) -> [NodeId; 3] {
    residual_network(graph, picture, Block::Basic, [2, 2, 2])
}

pub(super) fn wide_resnet50(graph: &mut Graph, picture: NodeId) -> [NodeId; 3] {
    residual_network(graph, picture, Block::Bottleneck { width: 2 }, [3, 4, 6])
}

fn residual_network(
    graph: &mut Graph,
    picture: NodeId,
    block: Block,
    depths: [usize; 3],
) -> [NodeId; 3] {
    let x = conv_norm(
        graph,
        picture,
        Conv::new("conv1", 3, 64, 7).stride(2),
        "bn1",
    );
    let x = graph.apply(Op::Relu, &[x]);
    let pool = Op::MaxPool {
        kernel: 3,
        stride: 2,
        padding: 1,
    };
    let stem = graph.apply(pool, &[x]);
    let layer1 = stage(graph, stem, block, "layer1", 64, depths[0], 1);
    let layer2 = stage(graph, layer1, block, "layer2", 128, depths[1], 2);
    let layer3 = stage(graph, layer2, block, "layer3", 256, depths[2], 2);
    [layer1, layer2, layer3]
}

fn stage(
    graph: &mut Graph,
    x: NodeId,
    block: Block,
    name: &str,
    channels: usize,
    depth: usize,
    stride: usize,
) -> NodeId {
    (0..depth).fold(x, |x, i| {
        let stride = if i == 0 { stride } else { 1 };
        residual_block(graph, x, block, &format!("{name}.{i}"), channels, stride)
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
    let sum = graph.apply(Op::Add, &[branch, shortcut]);
    graph.apply(Op::Relu, &[sum])
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
