//! Why a file cannot serve as ONNX Runtime.

use std::error::Error;
use std::path::Path;

use ort::LoadDynamicError;

use super::file_header::{FileHeader, Kind};

/// In the words of glibc's loader, between the name of a library and the reason.
const CANNOT_OPEN: &str = ": cannot open shared object file";

/// Why a file cannot serve as ONNX Runtime, and what helps.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LibraryProblem {
    /// Nothing is there.
    #[error("there is no such file")]
    Missing,
    /// The system's loader looked for a file of this name in its folders.
    #[error("no folder of the system's loader has a file of this name ({loader}); give its path")]
    NotFound {
        /// What the loader said.
        loader: String,
    },
    /// A folder instead of a file.
    #[error("it is a folder; name the file libonnxruntime.so in it")]
    Folder,
    /// Its content is something else.
    #[error("it is not a shared library, but {found} (the loader said: {loader})")]
    NotALibrary {
        /// What it is.
        found: &'static str,
        /// What the loader said.
        loader: String,
    },
    /// A library for another kind of computer.
    #[error(
        "it is made for {found}, and this program for {here}; take the build for {here} \
         (the loader said: {loader})"
    )]
    OtherProcessor {
        /// What the library is made for.
        found: String,
        /// What this program is made for.
        here: String,
        /// What the loader said.
        loader: String,
    },
    /// A library that it needs is not there.
    #[error(
        "it needs {needed}, which the loader does not find; install that, or name its folder in \
         LD_LIBRARY_PATH (the loader said: {loader})"
    )]
    Needs {
        /// The name of the missing library.
        needed: String,
        /// What the loader said.
        loader: String,
    },
    /// The system's loader refuses it for another reason.
    #[error("the system's loader refuses it: {loader}")]
    Refused {
        /// What the loader said.
        loader: String,
    },
    /// A library of something else.
    #[error(
        "it is a shared library, but not ONNX Runtime: it has no function OrtGetApiBase; \
         name the file libonnxruntime.so itself"
    )]
    NotOnnxRuntime,
    /// An ONNX Runtime that is too old.
    #[error("it is ONNX Runtime {found}, which is too old")]
    TooOld {
        /// Its version.
        found: String,
    },
    /// It says of itself what no version of ONNX Runtime says.
    #[error("it does not tell its version")]
    NoVersion,
    /// It would send telemetry to its makers.
    #[error(
        "ONNX Runtime {version} sends telemetry and writes into the user's cache folder; \
         set ORT_DISABLE_TELEMETRY=1 in the environment before this program starts, or use \
         ONNX Runtime 1.28 or older, which contains no telemetry"
    )]
    Telemetry {
        /// Major and minor version.
        version: String,
    },
    /// It was loaded and cannot start.
    #[error("it was loaded and cannot start: {0}")]
    Start(String),
}

impl LibraryProblem {
    pub(super) fn explained(path: &Path, error: &LoadDynamicError) -> Self {
        match error {
            LoadDynamicError::Dlopen { error, .. } => Self::from_loader(path, words(error)),
            LoadDynamicError::MissingApi { .. } => Self::NotOnnxRuntime,
            LoadDynamicError::InvalidVersionString => Self::NoVersion,
            LoadDynamicError::BadVersion { version_str, .. } => Self::TooOld {
                found: version_str.clone(),
            },
        }
    }

    /// The loader calls a file for another processor missing, and says little of others.
    fn from_loader(path: &Path, loader: String) -> Self {
        if path.is_relative() {
            return Self::by_bare_name(path, loader);
        }
        if path.is_dir() {
            return Self::Folder;
        }
        match FileHeader::read(path).map(|header| header.kind()) {
            Ok(Kind::Library) => Self::refused(path, loader),
            Ok(Kind::Other(found)) => Self::NotALibrary { found, loader },
            Ok(Kind::OtherProcessor { found, here }) => Self::OtherProcessor {
                found,
                here,
                loader,
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::Missing,
            Err(_unreadable) => Self::Refused { loader },
        }
    }

    fn by_bare_name(name: &Path, loader: String) -> Self {
        match missing_in(&loader) {
            Some(missing) if Path::new(missing) == name => Self::NotFound { loader },
            _ => Self::refused(name, loader),
        }
    }

    fn refused(path: &Path, loader: String) -> Self {
        match missing_in(&loader) {
            Some(needed) if Path::new(needed) != path => Self::Needs {
                needed: needed.to_owned(),
                loader,
            },
            _ => Self::Refused { loader },
        }
    }
}

/// Everything that was said: the error itself names only the function that failed.
fn words(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    let last = causes.last().map(ToString::to_string);
    last.unwrap_or_else(|| error.to_string())
}

/// The name of the library that the loader did not find.
fn missing_in(loader: &str) -> Option<&str> {
    loader.split_once(CANNOT_OPEN).map(|(name, _reason)| name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]
    use super::*;

    fn said(path: &str, loader: &str) -> String {
        LibraryProblem::from_loader(Path::new(path), loader.to_owned()).to_string()
    }

    #[test]
    fn a_missing_dependency_is_told_apart_from_a_missing_file() {
        let this = std::env::current_exe().unwrap();
        let this = this.to_str().unwrap();
        let needed = "libfoo.so.3: cannot open shared object file: No such file or directory";
        assert!(said(this, needed).starts_with("it needs libfoo.so.3,"));
        assert_eq!(said("/no/such/file", needed), "there is no such file");
        let bare = "libfoo.so.3: cannot open shared object file: No such file or directory";
        assert!(said("libfoo.so.3", bare).contains("give its path"));
        assert!(said("libonnxruntime.so", bare).starts_with("it needs libfoo.so.3,"));
    }

    #[test]
    fn the_words_of_the_loader_are_told_in_full() {
        let this = std::env::current_exe().unwrap();
        let loader = "/lib/libm.so.6: version `GLIBC_9.99' not found (required by x)";
        assert!(said(this.to_str().unwrap(), loader).contains(loader));
        assert!(said("/", "any").contains("folder"));
    }
}
