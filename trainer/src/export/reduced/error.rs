//! Why there is no bundle in a smaller format.

use std::io;
use std::path::PathBuf;

use cfa_runtime::bundle::{BundleError, NetworkPrecision};
use cfa_runtime::calibration::CalibrationError;
use cfa_runtime::inspector::{InspectError, OpenError};
use cfa_runtime::network::NetworkError;
use cfa_runtime::picture::PictureError;
use cfa_runtime::preprocess::PreprocessError;

use super::cost::ReductionCost;
use crate::backbone::UnknownBackbone;
use crate::dataset::DatasetError;
use crate::destination::DestinationError;
use crate::evaluation::EvaluationError;
use crate::export::onnx::ReduceError;
use crate::interruption::Interrupted;

/// Why there is no bundle in a smaller format.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReducedExportError {
    /// The bundle cannot be read or written.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The new bundle cannot be written.
    #[error(transparent)]
    Destination(#[from] DestinationError),
    /// The size of a bundle cannot be found out.
    #[error("{path}: cannot look at the file; is another program moving it?", path = path.display())]
    File {
        /// The bundle.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The network was reduced before.
    #[error(
        "the bundle's network is {found} already; start from the f32 bundle that cfa-train fit wrote"
    )]
    AlreadyReduced {
        /// Its format.
        found: NetworkPrecision,
    },
    /// The format asked for is the one that the bundle has.
    #[error("the bundle's network is f32 already; ask for int8 or fp16")]
    NothingToDo,
    /// INT8 without pictures to find ranges on.
    #[error(
        "int8 finds the ranges of the network's values on good pictures: name the training's folder"
    )]
    NeedsPictures,
    /// The backbone is not one that this program knows.
    #[error(transparent)]
    Backbone(#[from] UnknownBackbone),
    /// The network cannot be rewritten.
    #[error(transparent)]
    Reduce(#[from] ReduceError),
    /// ONNX Runtime does not run the network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A picture cannot be inspected.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// The runtime cannot open the bundle.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A picture cannot be read.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// A picture cannot be brought to the network's input.
    #[error(transparent)]
    Preprocess(#[from] PreprocessError),
    /// The pictures of the data set cannot be read.
    #[error(transparent)]
    Dataset(DatasetError),
    /// The labelled pictures cannot be evaluated.
    #[error(transparent)]
    Evaluation(EvaluationError),
    /// The scores of the good pictures cannot serve as calibration.
    #[error(transparent)]
    Calibration(#[from] CalibrationError),
    /// It costs more than is allowed.
    #[error(
        "nothing was written, because the smaller format costs too much: {}; give more or more typical \
         good pictures, keep the f32 bundle, or allow the cost",
        exceeded.join("; ")
    )]
    TooCostly {
        /// What exceeds which limit, in words.
        exceeded: Vec<String>,
        /// All figures.
        cost: Box<ReductionCost>,
    },
    /// The work was stopped.
    #[error("{0}")]
    Interrupted(#[from] Interrupted),
}

impl From<DatasetError> for ReducedExportError {
    fn from(error: DatasetError) -> Self {
        match error {
            DatasetError::Interrupted(interrupted) => interrupted.into(),
            other => Self::Dataset(other),
        }
    }
}

impl From<EvaluationError> for ReducedExportError {
    fn from(error: EvaluationError) -> Self {
        match error {
            EvaluationError::Interrupted(interrupted) => interrupted.into(),
            other => Self::Evaluation(other),
        }
    }
}
