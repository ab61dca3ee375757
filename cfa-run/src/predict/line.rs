//! What there is to tell of one input.

use anyhow::{Error, Result};
use cfa_runtime::Inspection;
use cfa_runtime::inspector::InspectError;
use cfa_runtime::picture::{PictureError, PictureProblem};

use super::decision;
use super::saving::Saved;
use crate::Outcome;
use crate::hint::with_hint;
use crate::inputs::Input;

/// What there is to tell of one input.
#[derive(Debug)]
pub(super) enum Line {
    Inspected(Box<Inspection>, Saved),
    /// It is the saved result of another picture.
    SavedResult,
    Failed(Error),
}

impl Line {
    pub(super) fn new(
        input: &Input,
        inspection: Result<Inspection, InspectError>,
        save: impl FnOnce(&Input, &Inspection) -> Saved,
    ) -> Self {
        match inspection {
            Ok(inspection) => {
                let saved = save(input, &inspection);
                Self::Inspected(Box::new(inspection), saved)
            }
            Err(InspectError::Picture(PictureError {
                problem: PictureProblem::SavedResult,
                ..
            })) => Self::SavedResult,
            Err(error) => Self::Failed(with_hint(error.into())),
        }
    }

    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Inspected(_, saved) if saved.failures().next().is_some() => Outcome::Failed,
            Self::Inspected(inspection, _saved) => decision::outcome(inspection),
            Self::SavedResult => Outcome::Fine,
            Self::Failed(_) => Outcome::Failed,
        }
    }
}
