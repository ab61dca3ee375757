//! Which picture files are too large, and what to do about one that is.

use anyhow::Error;
use cfa_runtime::inspector::InspectError;
use cfa_runtime::picture::{Limit, Limits, PictureError};
use cfa_train::calibration::CalibrateError;
use cfa_train::dataset::{BadPicture, BadReason, DatasetError};
use cfa_train::error::TrainError;
use cfa_train::evaluation::EvaluationError;
use cfa_train::export::ReducedExportError;
use cfa_train::import::{ImportError, ImportProblem};

/// Limits for pictures and masks.
#[allow(
    clippy::struct_field_names,
    reason = "they are the names of the options"
)]
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Largest pictures")]
pub(crate) struct LimitArguments {
    /// Largest picture, width × height in pixels; decoding one takes up to 16 bytes of memory
    /// for each, and eight are decoded at once
    #[arg(long, value_name = "N", default_value_t = Limits::default().max_pixels)]
    max_pixels: u64,
    /// Longest side of a picture in pixels
    #[arg(long, value_name = "N", default_value_t = Limits::default().max_side_px)]
    max_side_px: u32,
    /// Largest picture file in bytes [default: 8 for each of --max-pixels, and 1 MiB]
    #[arg(long, value_name = "N")]
    max_file_bytes: Option<u64>,
}

impl LimitArguments {
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            max_encoded_bytes: self.max_file_bytes,
            max_side_px: self.max_side_px,
            max_pixels: self.max_pixels,
            ..Limits::default()
        }
    }
}

/// Which option lets the picture through that a limit has refused.
pub(crate) fn hint(error: &Error) -> Option<&'static str> {
    Some(match exceeded(error)? {
        Limit::EncodedBytes => "--max-file-bytes raises the limit for picture files",
        Limit::Side => "--max-side-px raises the limit for the sides of pictures",
        Limit::Pixels => "--max-pixels raises the limit for the pixels of pictures",
    })
}

fn exceeded(error: &Error) -> Option<Limit> {
    error.chain().find_map(|cause| {
        None.or_else(|| cause.downcast_ref().and_then(in_training))
            .or_else(|| cause.downcast_ref().and_then(in_import))
            .or_else(|| cause.downcast_ref().and_then(in_dataset))
            .or_else(|| cause.downcast_ref().and_then(in_evaluation))
            .or_else(|| cause.downcast_ref().and_then(in_calibration))
            .or_else(|| cause.downcast_ref().and_then(in_export))
    })
}

fn in_training(error: &TrainError) -> Option<Limit> {
    match error {
        TrainError::Dataset(error) => in_dataset(error),
        TrainError::Evaluation(error) => in_evaluation(error),
        TrainError::Inspect(error) => in_inspection(error),
        TrainError::Calibrate(error) => in_calibration(error),
        TrainError::Picture(error) => in_picture(error),
        _ => None,
    }
}

fn in_import(error: &ImportError) -> Option<Limit> {
    match &*error.problem {
        ImportProblem::Train(error) => in_training(error),
        _ => None,
    }
}

fn in_dataset(error: &DatasetError) -> Option<Limit> {
    match error {
        DatasetError::BadPictures { bad } | DatasetError::AllBad { bad } => {
            bad.iter().find_map(in_bad_picture)
        }
        _ => None,
    }
}

fn in_bad_picture(bad: &BadPicture) -> Option<Limit> {
    match &bad.reason {
        BadReason::Picture(error) => in_picture(error),
        BadReason::Preprocess(_) => None,
    }
}

fn in_evaluation(error: &EvaluationError) -> Option<Limit> {
    match error {
        EvaluationError::Inspect(error) => in_inspection(error),
        EvaluationError::Picture(bad) => in_bad_picture(bad),
        EvaluationError::Mask(error) => in_picture(error),
        _ => None,
    }
}

fn in_calibration(error: &CalibrateError) -> Option<Limit> {
    match error {
        CalibrateError::Inspect(error) => in_inspection(error),
        _ => None,
    }
}

fn in_export(error: &ReducedExportError) -> Option<Limit> {
    match error {
        ReducedExportError::Evaluation(error) => in_evaluation(error),
        ReducedExportError::Inspect(error) => in_inspection(error),
        ReducedExportError::Picture(error) => in_picture(error),
        _ => None,
    }
}

fn in_inspection(error: &InspectError) -> Option<Limit> {
    match error {
        InspectError::Picture(error) => in_picture(error),
        _ => None,
    }
}

fn in_picture(error: &PictureError) -> Option<Limit> {
    error.problem.exceeded()
}
