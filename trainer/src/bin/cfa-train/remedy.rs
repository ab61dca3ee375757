//! Options that help after an error of the library, which knows nothing of options.

use anyhow::Error;
use cfa_train::dataset::DatasetError;
use cfa_train::destination::DestinationError;
use cfa_train::error::TrainError;
use cfa_train::evaluation::{EvaluationError, MapFolderError};
use cfa_train::export::onnx::{FullOnnxError, ReduceError};
use cfa_train::export::{OnnxFullError, ReducedExportError};
use cfa_train::import::{ImportError, ImportProblem};
use cfa_train::interruption::Interrupted;
use cfa_train::network::onnx::OnnxError;

/// The options that settle the problem, as a sentence; `None` where there are none.
pub(crate) fn hint(error: &Error) -> Option<String> {
    error.chain().find_map(|cause| {
        None.or_else(|| cause.downcast_ref().and_then(in_training))
            .or_else(|| cause.downcast_ref().and_then(in_import))
            .or_else(|| cause.downcast_ref().and_then(in_dataset))
            .or_else(|| cause.downcast_ref().and_then(in_evaluation))
            .or_else(|| cause.downcast_ref().and_then(in_map_folder))
            .or_else(|| cause.downcast_ref().and_then(in_full_export))
            .or_else(|| cause.downcast_ref().and_then(in_reduced_export))
            .or_else(|| cause.downcast_ref().and_then(in_interruption))
            .or_else(|| cause.downcast_ref().map(in_destination))
    })
}

fn in_training(error: &TrainError) -> Option<String> {
    let hint = match error {
        TrainError::Setting { option, value, .. } => {
            return Some(format!("The option is --{option} {value}."));
        }
        TrainError::Device { asked, .. } => {
            return Some(format!(
                "--device {asked} cannot be used; --device cpu always can."
            ));
        }
        TrainError::Dataset(error) => return in_dataset(error),
        TrainError::Evaluation(error) => return in_evaluation(error),
        TrainError::SeedsNeedRuntime => {
            "`cargo xtask setup --runtime` gets ONNX Runtime; without it, leave out --seeds."
        }
        TrainError::Memory { .. } => {
            "The options are --image-size, --backbone, --gamma-c, --gamma-d and --memory-limit."
        }
        TrainError::Diverged { .. } => "The learning rate is --lr.",
        TrainError::Destination(error) => return Some(in_destination(error)),
        TrainError::Onnx(OnnxError::InputTooSmall { .. }) => "The image size is --image-size.",
        TrainError::ForeignWeights(_) => {
            "--backbone names the network, and --weights the file of its weights."
        }
        TrainError::WouldReplace { .. } => {
            "Give another name with --out, complete this very training with --resume, or replace the file with --force."
        }
        TrainError::Checkpoint { .. } => {
            "Repeat the original options, or leave out --resume to start again."
        }
        TrainError::Interrupted(interrupted) => return in_interruption(interrupted),
        _ => return None,
    };
    Some(hint.to_owned())
}

fn in_import(error: &ImportError) -> Option<String> {
    match &*error.problem {
        ImportProblem::Train(error) => in_training(error),
        ImportProblem::UnrecognisedBackbone { .. } => Some("--backbone names it.".to_owned()),
        ImportProblem::Preprocessing { .. } | ImportProblem::ForeignSize { .. } => {
            Some("The options are --image-size and --center-crop.".to_owned())
        }
        _ => None,
    }
}

fn in_full_export(error: &OnnxFullError) -> Option<String> {
    match error {
        OnnxFullError::Write { .. } => Some("--out names the ONNX file.".to_owned()),
        OnnxFullError::Encode(error) => in_full_network(error),
        _ => None,
    }
}

fn in_full_network(error: &FullOnnxError) -> Option<String> {
    let hint = match error {
        FullOnnxError::InputSize { .. } | FullOnnxError::OpenAspect => {
            "The option is --input-size.".to_owned()
        }
        FullOnnxError::Filter { height, width } => {
            format!("The option is --input-size {height}x{width}.")
        }
        _ => return None,
    };
    Some(hint)
}

fn in_reduced_export(error: &ReducedExportError) -> Option<String> {
    let hint = match error {
        ReducedExportError::Destination(error) => return Some(in_destination(error)),
        ReducedExportError::NeedsPictures => "--data names the folder of the training.",
        ReducedExportError::TooCostly { .. } => {
            "--data names good pictures, and --force writes the bundle all the same."
        }
        ReducedExportError::Reduce(ReduceError::BeyondFp16 { .. }) => {
            "The option is --precision int8."
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

fn in_destination(_: &DestinationError) -> String {
    "--out names the bundle.".to_owned()
}

fn in_interruption(error: &Interrupted) -> Option<String> {
    matches!(error, Interrupted::Resumable { .. }).then(|| "Go on with --resume.".to_owned())
}

fn in_dataset(error: &DatasetError) -> Option<String> {
    matches!(error, DatasetError::BadPictures { .. })
        .then(|| "--skip-bad leaves out pictures that cannot be used.".to_owned())
}

fn in_evaluation(error: &EvaluationError) -> Option<String> {
    match error {
        EvaluationError::Dataset(error) => in_dataset(error),
        EvaluationError::MapFolder(error) => in_map_folder(error),
        _ => None,
    }
}

fn in_map_folder(error: &MapFolderError) -> Option<String> {
    matches!(error, MapFolderError::AmongPictures { .. })
        .then(|| "--tiff names the folder of the maps.".to_owned())
}
