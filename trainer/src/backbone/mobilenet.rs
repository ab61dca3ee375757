//! MobileNetV2 (arXiv 1801.04381) up to block 13 of torchvision's list.

use crate::network::{Conv, Graph, NodeId, Op};

/// Expansion factor, output channels, blocks, stride of the first block.
const STAGES: [(usize, usize, usize, usize); 5] = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
];

/// Taps: the ends of blocks 3, 6 and 13 (strides 4, 8, 16).
pub(super) fn mobilenet_v2(graph: &mut Graph, picture: NodeId) -> [NodeId; 3] {
    let stem = Conv::new("features.0.0", 3, 32, 3).stride(2);
    let mut blocks = vec![conv_norm_relu6(graph, picture, stem, "features.0.1")];
    for (expansion, channels, depth, stride) in STAGES {
        for i in 0..depth {
            let x = blocks[blocks.len() - 1];
            let name = format!("features.{}", blocks.len());
            let stride = if i == 0 { stride } else { 1 };
            blocks.push(inverted_residual(
                graph, x, &name, expansion, channels, stride,
            ));
        }
    }
    [blocks[3], blocks[6], blocks[13]]
}

fn inverted_residual(
    graph: &mut Graph,
    input: NodeId,
    name: &str,
    expansion: usize,
    outputs: usize,
    stride: usize,
) -> NodeId {
    let inputs = graph.channels(input);
    let width = inputs * expansion;
    let mut x = input;
    let mut layer = 0;
    if expansion != 1 {
        let expand = Conv::new(&format!("{name}.conv.0.0"), inputs, width, 1);
        x = conv_norm_relu6(graph, x, expand, &format!("{name}.conv.0.1"));
        layer = 1;
    }
    let depthwise = Conv::new(&format!("{name}.conv.{layer}.0"), width, width, 3)
        .stride(stride)
        .depthwise();
    x = conv_norm_relu6(graph, x, depthwise, &format!("{name}.conv.{layer}.1"));
    let project = Conv::new(&format!("{name}.conv.{}", layer + 1), width, outputs, 1);
    x = graph.conv(x, project);
    x = graph.batch_norm(x, &format!("{name}.conv.{}", layer + 2));
    if stride == 1 && inputs == outputs {
        x = graph.apply(Op::Add, &[input, x]);
    }
    x
}

fn conv_norm_relu6(graph: &mut Graph, x: NodeId, conv: Conv, norm: &str) -> NodeId {
    let x = graph.conv(x, conv);
    let x = graph.batch_norm(x, norm);
    graph.apply(Op::Relu6, &[x])
}
