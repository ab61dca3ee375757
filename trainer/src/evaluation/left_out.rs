use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

/// A picture that is in no figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The picture.
    #[serde(serialize_with = "as_text")]
    pub picture: PathBuf,
    /// Why it, or its mask, could not be used; names the file that is at fault.
    pub reason: String,
}

impl LeftOut {
    /// A picture, and the error with all its causes.
    pub(crate) fn new(picture: PathBuf, error: &dyn Error) -> Self {
        let mut reason = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !reason.ends_with(&text) {
                reason = format!("{reason}: {text}");
            }
            cause = error.source();
        }
        let name = picture.display().to_string();
        if !reason.contains(&name) {
            reason = format!("{name}: {reason}");
        }
        Self { picture, reason }
    }
}

/// A name that is no Unicode must not prevent the figures, so its invalid parts are replaced.
pub(super) fn as_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}
