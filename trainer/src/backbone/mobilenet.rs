//! `MobileNetV2` (arXiv 1801.04381) and `MobileNetV3` (arXiv 1905.02244).

use super::block::Block;
use super::inverted_residual::InvertedResiduals;
use super::naming::{Layout, Naming, Scheme};
use crate::network::Op;

/// Expansion factor, output channels, blocks, stride of the first block.
const V2_STAGES: [(usize, usize, usize, usize); 5] = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
];

const V2_SCHEMES: [Scheme; 2] = [
    Scheme::new(Naming::Torchvision, Layout::MobilenetV2, 1e-5),
    Scheme::new(Naming::Timm, Layout::Timm, 1e-5),
];

/// Taps: the ends of torchvision's blocks 3, 6 and 13 (strides 4, 8, 16).
pub(super) fn mobilenet_v2() -> InvertedResiduals {
    let mut blocks = Vec::new();
    let mut inputs = 32;
    for (stage, (expansion, outputs, depth, stride)) in V2_STAGES.into_iter().enumerate() {
        for position in 0..depth {
            blocks.push(Block {
                stage,
                position,
                index: blocks.len(),
                kernel: 3,
                stride: if position == 0 { stride } else { 1 },
                width: inputs * expansion,
                squeezed: None,
                outputs,
                activation: Op::Relu6,
            });
            inputs = outputs;
        }
    }
    InvertedResiduals {
        schemes: &V2_SCHEMES,
        stem: 32,
        stem_activation: Op::Relu6,
        squeeze: [Op::Relu, Op::Sigmoid],
        padding: None,
        blocks,
        taps: [2..=2, 5..=5, 12..=12],
    }
}

/// Stage, kernel, stride, width, squeezed channels (0: none), output channels;
/// ReLU in the first three stages, hard swish then.
const V3_LARGE: [[usize; 6]; 12] = [
    [0, 3, 1, 16, 0, 16],
    [1, 3, 2, 64, 0, 24],
    [1, 3, 1, 72, 0, 24],
    [2, 5, 2, 72, 24, 40],
    [2, 5, 1, 120, 32, 40],
    [2, 5, 1, 120, 32, 40],
    [3, 3, 2, 240, 0, 80],
    [3, 3, 1, 200, 0, 80],
    [3, 3, 1, 184, 0, 80],
    [3, 3, 1, 184, 0, 80],
    [4, 3, 1, 480, 120, 112],
    [4, 3, 1, 672, 168, 112],
];

const V3_SCHEMES: [Scheme; 2] = [
    Scheme::new(Naming::Torchvision, Layout::Blocks, 1e-3),
    Scheme::new(Naming::Timm, Layout::Timm, 1e-5),
];

/// Taps: the ends of torchvision's blocks 3, 6 and 12 (strides 4, 8, 16).
pub(super) fn mobilenet_v3_large() -> InvertedResiduals {
    let before = |index: usize, stage| V3_LARGE[..index].iter().filter(|b| b[0] == stage).count();
    let block = |(index, row): (usize, [usize; 6])| {
        let [stage, kernel, stride, width, squeezed, outputs] = row;
        Block {
            stage,
            position: before(index, stage),
            index,
            kernel,
            stride,
            width,
            squeezed: (squeezed > 0).then_some(squeezed),
            outputs,
            activation: if stage < 3 { Op::Relu } else { Op::HardSwish },
        }
    };
    InvertedResiduals {
        schemes: &V3_SCHEMES,
        stem: 16,
        stem_activation: Op::HardSwish,
        squeeze: [Op::Relu, Op::HardSigmoid],
        padding: None,
        blocks: V3_LARGE.into_iter().enumerate().map(block).collect(),
        taps: [2..=2, 5..=5, 11..=11],
    }
}
