//! Loading the ONNX Runtime shared library, once for the process.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ort::environment::Environment;

use super::error::NetworkError;
use super::library_problem::LibraryProblem;
use super::loaded_files::{LoadedFile, file_loaded_at};
use super::telemetry;
use super::warnings::Warnings;
use crate::process::Process;

/// ONNX Runtime allows one environment in a process, so the first is kept.
static LOADED: Mutex<Option<OnnxRuntime>> = Mutex::new(None);

/// The loaded ONNX Runtime library. Cheap to clone; stays loaded until the process ends.
#[derive(Clone)]
pub struct OnnxRuntime {
    pub(super) environment: Environment,
    /// Its messages outside of sessions, which concern providers and the machine.
    pub(super) errors: Warnings,
    /// The file that was loaded; `None` where the system does not report it.
    pub(super) file: Option<LoadedFile>,
    /// The process that has loaded it.
    pub(super) home: Process,
    path: PathBuf,
    version: Option<String>,
}

impl OnnxRuntime {
    /// Loads the shared library at `path`, or by the system loader's rules when
    /// `path` is a bare file name.
    ///
    /// A second call with the same path gives the same library again; another
    /// path is an error, because a process can hold one ONNX Runtime only.
    pub fn load(path: &Path) -> Result<Self, NetworkError> {
        Self::load_into(loaded(), path)
    }

    /// The library that is loaded already, whichever it is. Otherwise it loads the one at `path`,
    /// like [`load`](Self::load).
    pub fn loaded_or_load(path: &Path) -> Result<Self, NetworkError> {
        let loaded = loaded();
        match &*loaded {
            Some(runtime) => Ok(runtime.clone()),
            None => Self::load_into(loaded, path),
        }
    }

    fn load_into(
        mut loaded: MutexGuard<'_, Option<Self>>,
        path: &Path,
    ) -> Result<Self, NetworkError> {
        let path = resolved(path);
        if let Some(runtime) = &*loaded {
            if runtime.path == path {
                return Ok(runtime.clone());
            }
            return Err(NetworkError::OtherLibrary {
                loaded: runtime.path.clone(),
                asked: path,
            });
        }
        let runtime = Self::open(path)?;
        *loaded = Some(runtime.clone());
        Ok(runtime)
    }

    fn open(path: PathBuf) -> Result<Self, NetworkError> {
        Self::started(&path).map_err(|source| NetworkError::Library {
            path,
            minimum: ort::MINOR_VERSION,
            source,
        })
    }

    fn started(path: &Path) -> Result<Self, LibraryProblem> {
        let version = quiet_version(path)?;
        let errors = Warnings::default();
        let builder =
            ort::init_from(path).map_err(|error| LibraryProblem::explained(path, &error))?;
        let environment = builder
            // This works on Windows. On other systems it comes too late.
            .with_telemetry(false)
            // Without this logger ONNX Runtime would print.
            .with_logger(errors.error_logger())
            .build()
            .map_err(|error| LibraryProblem::Start(error.to_string()))?;
        Ok(Self {
            environment,
            errors,
            file: loaded_file(path),
            home: Process::current(),
            path: path.to_owned(),
            version,
        })
    }

    /// The path that the library was loaded from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Major and minor version, such as `1.31`; `None` when the library does not report it.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }
}

/// Major and minor version of a library that sends no telemetry. Nothing but the version is
/// read. `None` when the library does not report it, or cannot be loaded at all.
fn quiet_version(path: &Path) -> Result<Option<String>, LibraryProblem> {
    let Some(minor) = probed(path)? else {
        return Ok(None);
    };
    let version = format!("1.{minor}");
    if telemetry::would_be_sent(minor) {
        return Err(LibraryProblem::Telemetry { version });
    }
    Ok(Some(version))
}

/// A bare name is looked up beside the program first. `ort` panics when the system does not
/// report where the program is, so that is an error here.
fn probed(path: &Path) -> Result<Option<u32>, LibraryProblem> {
    if path.is_relative() {
        std::env::current_exe().map_err(|error| {
            LibraryProblem::Start(format!(
                "the system does not report where this program is ({error}; is /proc mounted?); \
                 give the full path of the library"
            ))
        })?;
    }
    Ok(ort::util::probe(path))
}

/// No panic can leave it half changed.
fn loaded() -> MutexGuard<'static, Option<OnnxRuntime>> {
    LOADED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The file that was loaded. The loader does not report what it found under a bare name, but
/// ONNX Runtime's table of functions is in that file.
fn loaded_file(path: &Path) -> Option<LoadedFile> {
    if path.is_absolute() {
        return LoadedFile::at(path.to_owned());
    }
    LoadedFile::at(file_loaded_at(std::ptr::from_ref(ort::api()).addr())?)
}

/// A bare file name is left to the system's loader, which does not look into the working
/// directory. Any other path becomes absolute.
fn resolved(path: &Path) -> PathBuf {
    let is_bare = path
        .parent()
        .is_none_or(|folder| folder.as_os_str().is_empty());
    if is_bare {
        return path.to_owned();
    }
    path.canonicalize()
        .or_else(|_missing| std::path::absolute(path))
        .unwrap_or_else(|_unknown| path.to_owned())
}

impl fmt::Debug for OnnxRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnnxRuntime")
            .field("path", &self.path)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
