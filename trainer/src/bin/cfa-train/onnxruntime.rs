//! Finding the ONNX Runtime library.

use std::env;
use std::path::PathBuf;

use anyhow::Result;
use cfa_runtime::network::{OnnxRuntime, library_near};

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
        let near = || library_near(&env::current_exe().unwrap_or_default());
        Ok(OnnxRuntime::load(
            &self.onnxruntime.clone().unwrap_or_else(near),
        )?)
    }
}
