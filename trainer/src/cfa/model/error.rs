//! Why the model cannot compute.

use tch::TchError;

/// Why the model cannot compute.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// There is nothing to compare with yet.
    #[error(
        "the memory bank is not initialised; call initialize_centroid with the training pictures first"
    )]
    NoMemoryBank,
    /// An input of the anomaly map generator is missing.
    #[error("the anomaly map generator needs the {0}")]
    Missing(&'static str),
    /// libtorch refused an operation.
    #[error("libtorch: {0}")]
    Torch(#[from] TchError),
}
