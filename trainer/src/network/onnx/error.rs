/// Why a graph cannot be written as ONNX.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OnnxError {
    /// A tensor that the graph reads is not among the parameters.
    #[error("cannot export: the tensor '{0}' is missing from the weights")]
    MissingParameter(String),
    /// A layer has no counterpart in the writer.
    #[error("cannot export: a batch normalisation ('{0}') does not follow a convolution")]
    LooseBatchNorm(String),
    /// The picture is smaller than the network can work on.
    #[error(
        "cannot export for a {height}×{width} input: a feature map would be empty; use a larger image size"
    )]
    InputTooSmall {
        /// Height in pixels.
        height: usize,
        /// Width in pixels.
        width: usize,
    },
}
