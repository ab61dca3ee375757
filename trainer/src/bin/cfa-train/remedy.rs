//! Options that help after an error of the library, which knows nothing of options.

use anyhow::Error;
use cfa_train::dataset::DatasetError;
use cfa_train::error::TrainError;
use cfa_train::evaluation::{EvaluationError, MapFolderError};
use cfa_train::import::{ImportError, ImportProblem};

/// The options that settle the problem, as a sentence; `None` where there are none.
pub(crate) fn hint(error: &Error) -> Option<String> {
    error.chain().find_map(|cause| {
        None.or_else(|| cause.downcast_ref().and_then(in_training))
            .or_else(|| cause.downcast_ref().and_then(in_import))
            .or_else(|| cause.downcast_ref().and_then(in_dataset))
            .or_else(|| cause.downcast_ref().and_then(in_evaluation))
            .or_else(|| cause.downcast_ref().and_then(in_map_folder))
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
        TrainError::WouldReplace { .. } => {
            "Give another name with --out, complete this very training with --resume, or replace the file with --force."
        }
        TrainError::Checkpoint { .. } => {
            "Repeat the original options, or leave out --resume to start again."
        }
        TrainError::Interrupted { .. } => "Go on with --resume.",
        _ => return None,
    };
    Some(hint.to_owned())
}

fn in_import(error: &ImportError) -> Option<String> {
    match &*error.problem {
        ImportProblem::Train(error) => in_training(error),
        _ => None,
    }
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
