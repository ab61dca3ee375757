//! Why a bundle cannot become one ONNX file.

use cfa_runtime::BrokenInvariant;
use cfa_runtime::inspector::OpenError;
use cfa_runtime::training_support::onnx::FileError;

/// Why a bundle cannot become one ONNX file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FullOnnxError {
    /// The network is not one that this project wrote.
    #[error(transparent)]
    Network(#[from] FileError),
    /// The head cannot be made of the bundle's settings.
    #[error(transparent)]
    Head(#[from] OpenError),
    /// A bug in this code.
    #[error(transparent)]
    Internal(#[from] BrokenInvariant),
    /// The bundle's settings have no JSON form: a bug, too.
    #[error("internal error: the settings of the bundle have no JSON form; please report this")]
    Settings(#[source] serde_json::Error),
    /// A fixed input that no picture has.
    #[error("the input size {height}x{width} is not possible: each side must be 1 to {limit} px", limit = cfa_runtime::Preprocessing::MAX_SIDE_PX)]
    InputSize {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
    },
    /// How far the longer side reaches depends on the picture.
    #[error(
        "the bundle resizes the shorter side, so the file needs pictures of one size; name the input size"
    )]
    OpenAspect,
    /// A resize that rounds on its way is no product of matrices.
    #[error(
        "the bundle resizes with Lanczos, which a plain ONNX file cannot; name the input size {height}x{width} \
         (or another size that is not resized) and resize pictures before they are sent"
    )]
    Filter {
        /// Rows after the resize.
        height: usize,
        /// Columns after the resize.
        width: usize,
    },
}
