//! The convolution layer.

use std::ops::Range;

/// Zeros around the input of a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// So many pixels on each side, as in `PyTorch`.
    Each(usize),
    /// The fewest pixels that give ceil(input / stride) outputs; of an odd number the larger
    /// half lies right and below. `TensorFlow`'s "SAME", by the input's own size.
    Same,
}

/// A convolution without dilation, square kernel.
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
    /// Zeros added around the input.
    pub padding: Padding,
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
            padding: Padding::Each(kernel / 2),
            groups: 1,
        }
    }

    /// The layer with a step of `stride` pixels.
    #[must_use]
    pub fn stride(mut self, stride: usize) -> Self {
        self.stride = stride;
        self
    }

    /// The layer padded in another way.
    #[must_use]
    pub fn padding(mut self, padding: Padding) -> Self {
        self.padding = padding;
        self
    }

    /// The layer with the bias `bias` (a full parameter name).
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

    /// Side of the square kernel.
    #[must_use]
    pub fn kernel(&self) -> usize {
        self.weight_shape[3]
    }

    /// Zeros before and behind a side of `input` pixels.
    #[must_use]
    pub fn zeros(&self, input: usize) -> (usize, usize) {
        match self.padding {
            Padding::Each(zeros) => (zeros, zeros),
            Padding::Same => {
                let reached = input.div_ceil(self.stride).saturating_sub(1) * self.stride;
                let total = (reached + self.kernel()).saturating_sub(input);
                (total / 2, total - total / 2)
            }
        }
    }

    /// Number of output channels.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.weight_shape[0]
    }
}
