//! What to type when an error has a remedy on the command line. The library's errors
//! speak of causes, and this is the one place that adds options to them.

use anyhow::{Error, anyhow};
use cfa_runtime::inspector::InspectError;
use cfa_runtime::picture::{Limit, PictureError};

/// The option that helps, as a sentence.
pub(crate) fn hint(error: &Error) -> Option<String> {
    let option = option_for(exceeded(error)?);
    Some(format!("{option} raises the limit"))
}

/// The error of one picture, with the option that helps.
pub(crate) fn with_hint(error: Error) -> Error {
    match hint(&error) {
        Some(hint) => anyhow!("{error:#}; {hint}"),
        None => error,
    }
}

fn option_for(limit: Limit) -> &'static str {
    match limit {
        Limit::EncodedBytes => "--max-file-bytes",
        Limit::Side => "--max-side-px",
        Limit::Pixels => "--max-pixels",
    }
}

fn exceeded(error: &Error) -> Option<Limit> {
    let in_picture = |picture: &PictureError| picture.problem.exceeded();
    error.chain().find_map(|cause| {
        let inspecting = match cause.downcast_ref() {
            Some(InspectError::Picture(picture)) => in_picture(picture),
            _ => None,
        };
        inspecting.or_else(|| cause.downcast_ref().and_then(in_picture))
    })
}
