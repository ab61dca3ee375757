//! Errors between a folder of pictures and a bundle.

use std::io;
use std::path::{Path, PathBuf};

use cfa_runtime::BrokenInvariant;
use cfa_runtime::bundle::BundleError;
use cfa_runtime::inspector::{InspectError, OpenError};
use cfa_runtime::picture::PictureError;
use cfa_runtime::verify::VerifyReport;
use tch::TchError;

use crate::backbone::ForeignWeights;
use crate::backbone::weights::WeightsError;
use crate::calibration::CalibrateError;
use crate::cfa::gradient::GradientError;
use crate::cfa::memory_bank::ClusteringError;
use crate::cfa::model::ModelError;
use crate::dataset::DatasetError;
use crate::destination::DestinationError;
use crate::evaluation::EvaluationError;
use crate::interruption::Interrupted;
use crate::network::onnx::OnnxError;

/// An error of training or export.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A setting is out of range.
    #[error("{option} {value} is not possible: {reason}")]
    Setting {
        /// Name of the setting, in the words of the command line but without its dashes.
        option: &'static str,
        /// The requested value.
        value: String,
        /// The reason, and possible values.
        reason: String,
    },
    /// The data set cannot be used.
    #[error(transparent)]
    Dataset(DatasetError),
    /// A picture cannot be read.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// A picture cannot be brought to the network's input.
    #[error(transparent)]
    Preprocess(#[from] cfa_runtime::preprocess::PreprocessError),
    /// One picture of many cannot be prepared.
    #[error("{path}: {source}", path = path.display())]
    Unprepared {
        /// The picture.
        path: PathBuf,
        /// Why.
        source: cfa_runtime::preprocess::PreprocessError,
    },
    /// The weight file cannot be read.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The weight file belongs to another network.
    #[error(transparent)]
    ForeignWeights(Box<ForeignWeights>),
    /// A GPU was asked for that is not there.
    #[error(
        "device {asked}: {reason}; train on the CPU, or point LIBTORCH to a libtorch 2.11.0 with CUDA and build again"
    )]
    Device {
        /// The requested value.
        asked: String,
        /// The missing part.
        reason: String,
    },
    /// The graph cannot be exported.
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    /// The bundle cannot be written or read back.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The model cannot compute.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A training step cannot be computed.
    #[error(transparent)]
    Gradient(#[from] GradientError),
    /// The runtime cannot inspect with the new model.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// The runtime cannot open the bundle.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The maps of the runtime differ from those of libtorch.
    #[error(
        "the exported network does not reproduce libtorch's maps, so no bundle was written, or the one that was there stays unverified: {report:?}; please report this"
    )]
    NotReproduced {
        /// The differences.
        report: VerifyReport,
    },
    /// The held-out pictures could not be scored.
    #[error(transparent)]
    Calibrate(Box<CalibrateError>),
    /// The test pictures cannot be evaluated.
    #[error(transparent)]
    Evaluation(EvaluationError),
    /// Several seeds are compared by scores of ONNX Runtime, which was not found.
    #[error(
        "models of several seeds are compared through ONNX Runtime, which was not found; install it, or train with one seed"
    )]
    SeedsNeedRuntime,
    /// libtorch refused an operation.
    #[error("libtorch: {0}")]
    Torch(#[from] TchError),
    /// More memory is needed than there is.
    #[error(
        "this training takes up to {needed_mib} MiB of memory even with its features on disk, and {limit_mib} MiB are there; choose a smaller picture size or backbone, choose a higher gamma_c or gamma_d, or allow more memory"
    )]
    Memory {
        /// Memory that it takes.
        needed_mib: u64,
        /// Memory that it may take.
        limit_mib: u64,
    },
    /// The loss stopped being a number.
    #[error(
        "the loss is {loss} in epoch {epoch}, step {step}; try a smaller learning rate (the last checkpoint is kept)"
    )]
    Diverged {
        /// NaN or an infinity.
        loss: f64,
        /// Counted from 1.
        epoch: usize,
        /// Counted from 1.
        step: usize,
    },
    /// The bundle cannot be written where it shall be.
    #[error(transparent)]
    Destination(#[from] DestinationError),
    /// A file of the training itself cannot be used.
    #[error("{path}: {action}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The failed action, and the remedy.
        action: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// The record of the training cannot be put into the bundle: a bug.
    #[error("internal error: the record of the training has no JSON form; please report this")]
    Record(#[source] serde_json::Error),
    /// A file lies where the bundle would be written.
    #[error(
        "{bundle} is there already, and nothing was changed; choose another name, resume this very training, or allow the file to be replaced",
        bundle = bundle.display()
    )]
    WouldReplace {
        /// The file.
        bundle: PathBuf,
    },
    /// A checkpoint does not belong to this training.
    #[error("{path}: cannot resume: {reason}; repeat the original settings, or start again without the checkpoint", path = path.display())]
    Checkpoint {
        /// The checkpoint.
        path: PathBuf,
        /// The mismatch.
        reason: String,
    },
    /// The training was stopped.
    #[error("{0}")]
    Interrupted(#[from] Interrupted),
    /// A bug in this code.
    #[error(transparent)]
    Internal(#[from] BrokenInvariant),
}

impl TrainError {
    /// The error as it is, but that an interruption names the `checkpoint`.
    #[must_use]
    pub(crate) fn resumable_from(self, checkpoint: &Path) -> Self {
        match self {
            Self::Interrupted(interrupted) => interrupted.resumable_from(checkpoint).into(),
            other => other,
        }
    }
}

impl From<ForeignWeights> for TrainError {
    fn from(error: ForeignWeights) -> Self {
        Self::ForeignWeights(Box::new(error))
    }
}

impl From<DatasetError> for TrainError {
    fn from(error: DatasetError) -> Self {
        match error {
            DatasetError::Interrupted(interrupted) => interrupted.into(),
            other => Self::Dataset(other),
        }
    }
}

impl From<EvaluationError> for TrainError {
    fn from(error: EvaluationError) -> Self {
        match error {
            EvaluationError::Interrupted(interrupted) => interrupted.into(),
            other => Self::Evaluation(other),
        }
    }
}

impl From<CalibrateError> for TrainError {
    fn from(error: CalibrateError) -> Self {
        match error {
            CalibrateError::Interrupted(interrupted) => interrupted.into(),
            other => Self::Calibrate(Box::new(other)),
        }
    }
}

impl From<ClusteringError> for TrainError {
    fn from(error: ClusteringError) -> Self {
        match error {
            ClusteringError::Interrupted(interrupted) => interrupted.into(),
            ClusteringError::Torch(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    /// Programs look for the interruption in the chain of causes, whatever passed it on.
    #[test]
    fn an_interruption_is_the_same_error_wherever_it_happened() {
        let stopped = Interrupted::Unchanged;
        let errors: [TrainError; 4] = [
            DatasetError::from(stopped.clone()).into(),
            EvaluationError::from(DatasetError::from(stopped.clone())).into(),
            CalibrateError::from(stopped.clone()).into(),
            ClusteringError::from(stopped.clone()).into(),
        ];
        for error in errors {
            assert!(matches!(error, TrainError::Interrupted(_)), "{error:?}");
            let cause = error.source().and_then(|cause| cause.downcast_ref());
            assert_eq!(cause, Some(&stopped));
            let resumable = error.resumable_from(Path::new("some.checkpoint"));
            assert!(resumable.to_string().contains("some.checkpoint"));
        }
    }
}
