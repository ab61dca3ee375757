//! One inverted residual block.

use crate::network::Op;

/// A line in the table of a network of inverted residuals.
#[derive(Debug, Clone)]
pub(super) struct Block {
    /// Stage, and position in it.
    pub(super) stage: usize,
    pub(super) position: usize,
    /// Position in the whole network.
    pub(super) index: usize,
    /// Side of the depthwise kernel, and its step.
    pub(super) kernel: usize,
    pub(super) stride: usize,
    /// Channels after the expansion; none takes place when there are no more.
    pub(super) width: usize,
    /// Channels in the middle of squeeze-and-excitation.
    pub(super) squeezed: Option<usize>,
    pub(super) outputs: usize,
    /// After expansion and depthwise convolution.
    pub(super) activation: Op,
}
