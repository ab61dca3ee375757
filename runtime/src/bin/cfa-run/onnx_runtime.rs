//! Finding the ONNX Runtime library.

use std::env;
use std::path::PathBuf;

use anyhow::Result;
use cfa_runtime::OnnxRuntime;
use cfa_runtime::network::library_near;

/// Where to find ONNX Runtime.
#[derive(Debug, clap::Args)]
pub(crate) struct LibraryArgs {
    /// Shared library of ONNX Runtime [default: `ORT_DYLIB_PATH`, else beside
    /// this program, else in `.native/onnxruntime` of a folder above it, else
    /// the system's]
    #[arg(long, value_name = "FILE")]
    onnxruntime: Option<PathBuf>,
}

impl LibraryArgs {
    pub(crate) fn load(&self) -> Result<OnnxRuntime> {
        Ok(OnnxRuntime::load(&self.path())?)
    }

    fn path(&self) -> PathBuf {
        let set = || env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty());
        let named = self
            .onnxruntime
            .clone()
            .or_else(|| set().map(PathBuf::from));
        named.unwrap_or_else(|| library_near(&env::current_exe().unwrap_or_default()))
    }
}
