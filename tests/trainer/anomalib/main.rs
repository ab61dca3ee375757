//! Checkpoints that anomalib itself wrote (see `make_checkpoints.py`), imported, against
//! the scores and maps that anomalib itself gave.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and says when it is skipped"
)]

mod fixture;
mod parity;
mod silent;

use std::path::PathBuf;

use cfa_runtime::Cancellation;
use cfa_runtime::OnnxRuntime;
use cfa_runtime::picture::Limits;
use cfa_train::events::{FitEvent, FitObserver};
use cfa_train::import::{ImportError, ImportOverrides, ImportRequest, ImportSummary, import};

/// ONNX Runtime from where cargo's configuration says it is.
fn onnx_runtime() -> Option<OnnxRuntime> {
    let path = std::env::var_os("ORT_DYLIB_PATH").map_or_else(PathBuf::new, PathBuf::from);
    if path.is_file() {
        return Some(OnnxRuntime::load(&path).unwrap());
    }
    eprintln!("skipped: no ONNX Runtime at '{}'", path.display());
    None
}

struct Silent;

impl FitObserver for Silent {
    fn event(&mut self, _event: &FitEvent) {}
}

/// Imports `checkpoint` to a bundle beside it.
fn imported(
    checkpoint: PathBuf,
    overrides: &ImportOverrides,
) -> Result<ImportSummary, ImportError> {
    tch::set_num_threads(1);
    let request = ImportRequest {
        bundle: checkpoint.with_extension("cfa"),
        checkpoint,
        data: None,
        picture_limits: Limits::default(),
        skip_bad: false,
        overrides: overrides.clone(),
        runtime: None,
    };
    import(&request, &mut Silent, &Cancellation::new())
}
