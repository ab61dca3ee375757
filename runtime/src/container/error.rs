//! Why a bundle was refused.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use safetensors::SafeTensorError;

use super::version;
use crate::invariant::BrokenInvariant;

/// A bundle that could not be read or written: which one, and why.
///
/// `Display` gives the path and the problem; the cause behind it, if there is
/// one, is its [`source`](Error::source).
#[derive(Debug)]
pub struct BundleError {
    /// The file, where there is one.
    pub path: Option<PathBuf>,
    /// What is wrong with it.
    pub problem: BundleProblem,
}

/// What is wrong with a bundle.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleProblem {
    /// The file could not be opened or read.
    #[error("the bundle cannot be read")]
    Read(#[source] io::Error),
    /// Another content than the one that was checked.
    #[error("the bundle was changed since it was opened; open it again")]
    Changed,
    /// A bug in this code.
    #[error(transparent)]
    Internal(#[from] BrokenInvariant),
    /// The file could not be written; see [`write_atomically`](crate::write_atomically).
    #[error("the bundle cannot be written; check the folder and the space left")]
    Write(#[source] io::Error),
    /// More bytes than any bundle has.
    #[error("the file is larger than the limit of {limit_bytes} bytes; is it a bundle?")]
    TooLarge {
        /// The limit.
        limit_bytes: u64,
    },
    /// A header longer than any bundle has.
    #[error(
        "the header claims {bytes} bytes, limit {limit_bytes}; this is not a bundle, or it is damaged"
    )]
    HeaderTooLong {
        /// The length claimed.
        bytes: u64,
        /// The limit.
        limit_bytes: u64,
    },
    /// Not a safetensors file, or one cut short.
    #[error("this is not a bundle, or it was cut short or damaged; copy it again")]
    Container(#[source] SafeTensorError),
    /// A header that differs from what a writer would have put there.
    #[error("the header is damaged; copy the bundle again")]
    HeaderDamaged,
    /// A safetensors file without a manifest.
    #[error("there is no manifest in this safetensors file; it is not a bundle, or it is damaged")]
    NoManifest,
    /// The manifest does not have the digest recorded for it.
    #[error("the manifest is damaged; copy the bundle again")]
    ManifestDamaged,
    /// A manifest of something else.
    #[error("the manifest is of format {found:?}, not {:?}", version::FORMAT)]
    NotABundle {
        /// The format found.
        found: String,
    },
    /// A version made after this program.
    #[error(
        "bundle format version {found} was made by a newer cfa-train; update cfa-run \
         (it reads versions {} to {})",
        version::OLDEST_FORMAT_VERSION,
        version::FORMAT_VERSION
    )]
    NewerVersion {
        /// The version found.
        found: u64,
    },
    /// A version that is no longer read.
    #[error(
        "bundle format version {found} is no longer read (only {} to {}); make the bundle again with this cfa-train",
        version::OLDEST_FORMAT_VERSION,
        version::FORMAT_VERSION
    )]
    OlderVersion {
        /// The version found.
        found: u64,
    },
    /// A model of another method.
    #[error(
        "the bundle holds a model of the method {found:?}, and only {known:?} is known here; update this program, or use one for {found:?}"
    )]
    UnknownMethod {
        /// The method of the bundle.
        found: String,
        /// The method that is read.
        known: &'static str,
    },
    /// A manifest whose fields are not those of its version, or hold what they cannot.
    #[error("the manifest does not follow its format version")]
    Manifest(#[source] serde_json::Error),
    /// A part that must be there is not.
    #[error("part {name} is missing")]
    MissingPart {
        /// Name of the part.
        name: String,
    },
    /// A part that is not known, or named twice.
    #[error("part {name} does not belong in a bundle")]
    ExtraPart {
        /// Name of the part.
        name: String,
    },
    /// A part whose type or shape is not the one it must have.
    #[error("part {name} is {found}, but should be {expected}")]
    PartLayout {
        /// Name of the part.
        name: String,
        /// Type and shape it should have.
        expected: String,
        /// Type and shape it has.
        found: String,
    },
    /// A part that does not have the digest recorded for it.
    #[error("part {name} is damaged; copy the bundle again")]
    PartDamaged {
        /// Name of the part.
        name: String,
    },
    /// Settings that cannot be right, alone or beside the others.
    #[error("{field}: {reason}")]
    Setting {
        /// Path of the setting in the manifest, or name of the part.
        field: String,
        /// What is wrong and what would be right.
        reason: String,
    },
}

impl BundleError {
    pub(super) fn at(path: &Path, problem: BundleProblem) -> Self {
        Self {
            path: Some(path.to_owned()),
            problem,
        }
    }
}

impl From<BundleProblem> for BundleError {
    fn from(problem: BundleProblem) -> Self {
        Self {
            path: None,
            problem,
        }
    }
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}: {}", path.display(), self.problem),
            None => write!(f, "{}", self.problem),
        }
    }
}

impl Error for BundleError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.problem.source()
    }
}
