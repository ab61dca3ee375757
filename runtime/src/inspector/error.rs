//! Why a model could not be opened, or a picture not be inspected.

use crate::calibration::CalibrationError;
use crate::cfa::anomaly_map::BlurError;
use crate::cfa::head::HeadError;
use crate::cfa::memory_bank::MemoryBankError;
use crate::container::BundleError;
use crate::invariant::BrokenInvariant;
use crate::network::{LARGEST_BATCH, NetworkError};
use crate::onnx::FileError;
use crate::picture::PictureError;
use crate::preprocess::PreprocessError;
use crate::process::Forked;

/// Why a model could not be loaded, or its network not be opened with the options given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The bundle was refused.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The thresholds asked for are impossible.
    #[error(transparent)]
    Calibration(#[from] CalibrationError),
    /// The memory bank was refused.
    #[error(transparent)]
    MemoryBank(#[from] MemoryBankError),
    /// The blur of the manifest is impossible.
    #[error(transparent)]
    Blur(#[from] BlurError),
    /// The parts of the head do not fit each other.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// ONNX Runtime or the provider does not open the network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The head cannot be put behind the network.
    #[error(transparent)]
    Graph(#[from] FileError),
    /// Zero threads were asked for.
    #[error("0 threads cannot compute; ask for at least 1")]
    NoThreads,
    /// A batch of no pictures, or of too many.
    #[error(
        "{asked} pictures cannot go through the network in one run; ask for 1 to {LARGEST_BATCH}"
    )]
    Batch {
        /// How many were asked for.
        asked: usize,
    },
    /// The threads of the head could not be started.
    #[error("the threads for the nearest-neighbour search could not be started; ask for fewer")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

/// Why a picture could not be inspected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InspectError {
    /// The picture was refused.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// The picture could not be prepared.
    #[error(transparent)]
    Preprocess(#[from] PreprocessError),
    /// The network could not be run.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// No map could be made of the features.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// The inspection was stopped on request.
    #[error("the inspection was cancelled")]
    Cancelled,
    /// The threads that compute stayed in the parent process.
    #[error(transparent)]
    Forked(#[from] Forked),
    /// The thread that hands out the pictures could not be started.
    #[error("the thread that reads the pictures could not be started; ask for fewer threads")]
    Feeder(#[source] std::io::Error),
    /// Decoding or the head has panicked in [`Inspector::inspect_each`](super::Inspector::inspect_each).
    #[error(
        "the inspection ended in the middle, which is a fault of this program; please report it with the picture"
    )]
    Abandoned,
    /// A bug in this code.
    #[error(transparent)]
    Internal(#[from] BrokenInvariant),
}
