//! `EfficientNet` (arXiv 1905.11946) and its Lite form (`ReLU6` and no
//! squeeze-and-excitation), up to the fifth stage.

use std::ops::RangeInclusive;

use super::block::Block;
use super::inverted_residual::InvertedResiduals;
use super::naming::{Layout, Naming, Scheme};
use crate::network::{Op, Padding};

/// Kernel, stride of the first block, expansion factor of the five stages.
const STAGES: [(usize, usize, usize); 5] = [(3, 1, 1), (3, 2, 6), (5, 2, 6), (3, 2, 6), (5, 1, 6)];

/// Output channels and number of blocks of each stage.
type Sizes = [(usize, usize); 5];

const B0: Sizes = [(16, 1), (24, 2), (40, 2), (80, 3), (112, 3)];
/// 1.6 times as wide (in steps of 8) and 2.2 times as deep.
const B5: Sizes = [(24, 3), (40, 5), (64, 5), (128, 7), (176, 7)];

/// The ends of the stages at strides 4, 8 and 16 of the smallest size.
const B0_TAPS: [RangeInclusive<usize>; 3] = [2..=2, 4..=4, 10..=10];

const B0_SCHEMES: [Scheme; 2] = [
    Scheme::new(Naming::Torchvision, Layout::Stages, 1e-5),
    Scheme::new(Naming::Timm, Layout::Timm, 1e-5),
];
const B5_SCHEMES: [Scheme; 2] = [
    Scheme::new(Naming::Torchvision, Layout::Stages, 1e-3),
    Scheme::new(Naming::Timm, Layout::Timm, 1e-5),
];
const LITE_SCHEMES: [Scheme; 2] = [
    Scheme::new(
        Naming::EfficientnetPytorch,
        Layout::EfficientnetPytorch,
        1e-3,
    ),
    Scheme::new(Naming::Timm, Layout::Timm, 1e-3),
];

pub(super) fn efficientnet_b0() -> InvertedResiduals {
    InvertedResiduals {
        schemes: &B0_SCHEMES,
        ..swish(32, &B0, B0_TAPS)
    }
}

/// Taps: all five blocks of 40 channels, the last three of 64, the last of 176
/// (METHOD.md, section 3).
pub(super) fn efficientnet_b5() -> InvertedResiduals {
    swish(48, &B5, [3..=7, 10..=12, 26..=26])
}

/// Padding and epsilon are `TensorFlow`'s, for which the weights were trained.
pub(super) fn efficientnet_lite0() -> InvertedResiduals {
    InvertedResiduals {
        schemes: &LITE_SCHEMES,
        stem_activation: Op::Relu6,
        padding: Some(Padding::Same),
        blocks: blocks(32, &B0, false, &Op::Relu6),
        ..swish(32, &B0, B0_TAPS)
    }
}

/// With squeeze-and-excitation.
fn swish(stem: usize, sizes: &Sizes, taps: [RangeInclusive<usize>; 3]) -> InvertedResiduals {
    InvertedResiduals {
        schemes: &B5_SCHEMES,
        stem,
        stem_activation: Op::Silu,
        squeeze: [Op::Silu, Op::Sigmoid],
        padding: None,
        blocks: blocks(stem, sizes, true, &Op::Silu),
        taps,
    }
}

/// The squeeze is to a quarter of a block's inputs.
fn blocks(stem: usize, sizes: &Sizes, squeezes: bool, activation: &Op) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut inputs = stem;
    let stages = STAGES.into_iter().zip(sizes).enumerate();
    for (stage, ((kernel, stride, expansion), &(outputs, depth))) in stages {
        for position in 0..depth {
            blocks.push(Block {
                stage,
                position,
                index: blocks.len(),
                kernel,
                stride: if position == 0 { stride } else { 1 },
                width: inputs * expansion,
                squeezed: squeezes.then_some(inputs / 4),
                outputs,
                activation: activation.clone(),
            });
            inputs = outputs;
        }
    }
    blocks
}
