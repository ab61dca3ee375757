//! Loading the ONNX Runtime shared library, once for the process.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ort::LoadDynamicError;
use ort::environment::Environment;

use super::loaded_files::{LoadedFile, file_loaded_at};
use super::warnings::Warnings;
use super::{Cause, NetworkError};

/// ONNX Runtime allows one environment in a process, so the first is kept.
static LOADED: Mutex<Option<OnnxRuntime>> = Mutex::new(None);

/// The loaded ONNX Runtime library. Cheap to clone; stays loaded until the process ends.
#[derive(Clone)]
pub struct OnnxRuntime {
    pub(super) environment: Environment,
    /// What it said outside of a session, which concerns providers and the machine.
    pub(super) errors: Warnings,
    /// What was loaded, by whichever name; `None` where the system does not tell.
    pub(super) file: Option<LoadedFile>,
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

    /// The library that is loaded already, whichever it is; else as [`load`](Self::load).
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
        let failed = |path: &Path, source: Cause| NetworkError::Library {
            path: path.to_owned(),
            minimum: ort::MINOR_VERSION,
            source,
        };
        let errors = Warnings::default();
        let builder = ort::init_from(&path).map_err(|error| failed(&path, loader_reason(error)))?;
        let environment = builder
            .with_telemetry(false)
            // Without a logger of ours it would print.
            .with_logger(errors.error_logger())
            .build()
            .map_err(|error| failed(&path, error.into()))?;
        let minor = ort::util::probe(&path);
        Ok(Self {
            environment,
            errors,
            file: loaded_file(&path),
            path,
            version: minor.map(|minor| format!("1.{minor}")),
        })
    }

    /// Where the library was loaded from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Major and minor version, such as `1.31`; `None` when the library does not tell.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }
}

/// Where the system's loader refused the file, in its own words.
fn loader_reason(error: LoadDynamicError) -> Cause {
    match &error {
        LoadDynamicError::Dlopen { error: refused, .. } => match refused.source() {
            Some(words) => format!("the system's loader says: {words}").into(),
            None => error.into(),
        },
        _ => error.into(),
    }
}

/// Nothing can leave it half changed.
fn loaded() -> MutexGuard<'static, Option<OnnxRuntime>> {
    LOADED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The loader says nothing of what it found under a bare name, but the table of functions is
/// in that file.
fn loaded_file(path: &Path) -> Option<LoadedFile> {
    if path.is_absolute() {
        return LoadedFile::at(path.to_owned());
    }
    LoadedFile::at(file_loaded_at(std::ptr::from_ref(ort::api()).addr())?)
}

/// A bare file name is for the system's loader, which does not look into the working
/// directory; any other path becomes absolute.
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
