//! Loading the ONNX Runtime shared library, once for the process.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ort::environment::Environment;

use super::NetworkError;

/// ONNX Runtime allows one environment in a process, so the first is kept.
static LOADED: Mutex<Option<OnnxRuntime>> = Mutex::new(None);

/// The loaded ONNX Runtime library. Cheap to clone; stays loaded until the process ends.
#[derive(Clone)]
pub struct OnnxRuntime {
    pub(super) environment: Environment,
    path: PathBuf,
    version: String,
}

impl OnnxRuntime {
    /// Loads the shared library at `path`, or by the system loader's rules when
    /// `path` is a bare file name.
    ///
    /// A second call with the same path gives the same library again; another
    /// path is an error, because a process can hold one ONNX Runtime only.
    pub fn load(path: &Path) -> Result<Self, NetworkError> {
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        let path = path
            .canonicalize()
            .unwrap_or_else(|_missing| path.to_owned());
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
        let failed = |path: &Path, source: super::Cause| NetworkError::Library {
            path: path.to_owned(),
            minimum: ort::MINOR_VERSION,
            source,
        };
        let builder = ort::init_from(&path).map_err(|error| failed(&path, error.into()))?;
        let environment = builder
            .with_telemetry(false)
            // Without a logger of ours it would print. What it says outside of a
            // session concerns the machine, such as a missing GPU.
            .with_logger(Arc::new(|_level, _category, _id, _location, _message| {}))
            .build()
            .map_err(|error| failed(&path, error.into()))?;
        let minor = ort::util::probe(&path).unwrap_or(ort::MINOR_VERSION);
        Ok(Self {
            environment,
            path,
            version: format!("1.{minor}"),
        })
    }

    /// Where the library was loaded from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Major and minor version, such as `1.31`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }
}

impl fmt::Debug for OnnxRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnnxRuntime")
            .field("path", &self.path)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
