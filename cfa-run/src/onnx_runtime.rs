//! Finding the ONNX Runtime library.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::Result;
use cfa_runtime::network::{library_for, library_with};
use cfa_runtime::{OnnxRuntime, Provider, ProviderChoice};

use crate::setup_hint;

/// Where to find ONNX Runtime.
#[derive(Debug, clap::Args)]
pub(crate) struct LibraryArgs {
    /// Shared library of ONNX Runtime [default: `ORT_DYLIB_PATH`, else beside
    /// this program, else in `.native` of a folder above it, else the system's;
    /// one with the provider asked for where there is one]
    #[arg(long, value_name = "FILE")]
    onnxruntime: Option<PathBuf>,
}

impl LibraryArgs {
    pub(crate) fn load(&self, choice: ProviderChoice) -> Result<OnnxRuntime> {
        OnnxRuntime::load(&self.path(choice)).map_err(setup_hint::for_library)
    }

    /// The one that is loaded for this choice.
    pub(crate) fn path(&self, choice: ProviderChoice) -> PathBuf {
        self.named()
            .unwrap_or_else(|| library_for(choice, &this_program()))
    }

    /// The library that is used by default, and those with other providers.
    pub(crate) fn all(&self) -> Vec<PathBuf> {
        let program = this_program();
        let default = self.path(ProviderChoice::default());
        let all = Provider::ALL.into_iter();
        let special = all.filter_map(|provider| library_with(provider, &program));
        let mut all: Vec<PathBuf> = vec![default];
        for library in special {
            if !all.iter().any(|known| is_same_file(known, &library)) {
                all.push(library);
            }
        }
        all
    }

    fn named(&self) -> Option<PathBuf> {
        let set = || env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty());
        self.onnxruntime
            .clone()
            .or_else(|| set().map(PathBuf::from))
    }
}

/// Also under two names.
pub(crate) fn is_same_file(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    one == other || real(one).is_some_and(|path| Some(path) == real(other))
}

/// Where the system does not say, the libraries beside the current folder are looked at.
fn this_program() -> PathBuf {
    env::current_exe().unwrap_or_else(|_unknown| PathBuf::new())
}
