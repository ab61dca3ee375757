//! Finding the ONNX Runtime library.

use std::env;
use std::path::PathBuf;

use anyhow::{Error, Result, anyhow};
use cfa_runtime::network::{NetworkError, OnnxRuntime, library_near};

/// Where ONNX Runtime is.
#[derive(Debug, clap::Args)]
pub(crate) struct OnnxRuntimeArgument {
    /// ONNX Runtime's shared library; default: beside this program, or where
    /// `cargo xtask setup` puts it
    #[arg(long, value_name = "FILE", env = "ORT_DYLIB_PATH")]
    onnxruntime: Option<PathBuf>,
}

impl OnnxRuntimeArgument {
    pub(crate) fn load(&self) -> Result<OnnxRuntime> {
        let near = || library_near(&env::current_exe().unwrap_or_else(|_unknown| PathBuf::new()));
        OnnxRuntime::load(&self.onnxruntime.clone().unwrap_or_else(near)).map_err(explained)
    }
}

/// The error with the ways to get the library, where it is missing.
fn explained(error: NetworkError) -> Error {
    let is_missing = matches!(error, NetworkError::Library { .. });
    let error = Error::from(error);
    if !is_missing {
        return error;
    }
    anyhow!(
        "{error:#}; get it with `cargo xtask setup --runtime`, or set ORT_DYLIB_PATH to the file \
         of libonnxruntime"
    )
}
