//! Why a file cannot serve as ONNX Runtime.

use std::error::Error;
use std::path::Path;

use ort::LoadDynamicError;

use super::file_header::{FileHeader, Kind};

/// The message of glibc's loader has these words between the name of a library and the reason.
const CANNOT_OPEN: &str = ": cannot open shared object file";

/// Why a file cannot serve as ONNX Runtime, and what helps.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LibraryProblem {
    /// There is no such file.
    #[error("there is no such file")]
    Missing,
    /// The system's loader found no file of this name in its folders.
    #[error("no folder of the system's loader has a file of this name ({loader}); give its path")]
    NotFound {
        /// The message of the loader.
        loader: String,
    },
    /// It is a folder.
    #[error("it is a folder; name the file libonnxruntime.so in it")]
    Folder,
    /// It is a file of another kind.
    #[error("it is not a shared library, but {found} (message of the loader: {loader})")]
    NotALibrary {
        /// What it is.
        found: &'static str,
        /// The message of the loader.
        loader: String,
    },
    /// It is a library for another kind of processor.
    #[error(
        "it is made for {found}, and this program for {here}; take the build for {here} \
         (message of the loader: {loader})"
    )]
    OtherProcessor {
        /// What the library is made for.
        found: String,
        /// What this program is made for.
        here: String,
        /// The message of the loader.
        loader: String,
    },
    /// Another library, which it needs, is missing.
    #[error(
        "it needs {needed}, which the loader does not find; install that, or name its folder in \
         LD_LIBRARY_PATH (message of the loader: {loader})"
    )]
    Needs {
        /// The name of the missing library.
        needed: String,
        /// The message of the loader.
        loader: String,
    },
    /// The system's loader refuses it for another reason.
    #[error("the system's loader refuses it: {loader}")]
    Refused {
        /// The message of the loader.
        loader: String,
    },
    /// It is another library.
    #[error(
        "it is a shared library, but not ONNX Runtime: it has no function OrtGetApiBase; \
         name the file libonnxruntime.so itself"
    )]
    NotOnnxRuntime,
    /// It is an ONNX Runtime that is too old.
    #[error("it is ONNX Runtime {found}, which is too old")]
    TooOld {
        /// Its version.
        found: String,
    },
    /// Its version is not one of ONNX Runtime.
    #[error("it does not report its version")]
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
            LoadDynamicError::Dlopen { error, .. } => Self::from_loader(path, message(error)),
            LoadDynamicError::MissingApi { .. } => Self::NotOnnxRuntime,
            LoadDynamicError::InvalidVersionString => Self::NoVersion,
            LoadDynamicError::BadVersion { version_str, .. } => Self::TooOld {
                found: version_str.clone(),
            },
        }
    }

    /// The loader reports a file for another processor as missing, and explains little about
    /// other files.
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

/// The whole message. The error itself names only the function that failed.
fn message(error: &dyn Error) -> String {
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

    fn explained(path: &str, loader: &str) -> String {
        LibraryProblem::from_loader(Path::new(path), loader.to_owned()).to_string()
    }

    #[test]
    fn a_missing_dependency_and_a_missing_file_are_different_problems() {
        let this = std::env::current_exe().unwrap();
        let this = this.to_str().unwrap();
        let needed = "libfoo.so.3: cannot open shared object file: No such file or directory";
        assert!(explained(this, needed).starts_with("it needs libfoo.so.3,"));
        assert_eq!(explained("/no/such/file", needed), "there is no such file");
        let bare = "libfoo.so.3: cannot open shared object file: No such file or directory";
        assert!(explained("libfoo.so.3", bare).contains("give its path"));
        assert!(explained("libonnxruntime.so", bare).starts_with("it needs libfoo.so.3,"));
    }

    #[test]
    fn the_message_of_the_loader_is_reported_in_full() {
        let this = std::env::current_exe().unwrap();
        let loader = "/lib/libm.so.6: version `GLIBC_9.99' not found (required by x)";
        assert!(explained(this.to_str().unwrap(), loader).contains(loader));
        assert!(explained("/", "any").contains("folder"));
    }
}
