//! Where the ONNX Runtime library lies when nobody says so.

use std::path::{Path, PathBuf};

const LIBRARY: &str = if cfg!(target_os = "windows") {
    "onnxruntime.dll"
} else if cfg!(target_os = "macos") {
    "libonnxruntime.dylib"
} else {
    "libonnxruntime.so"
};

/// The library installed beside `program` or in `../lib` beside it, or unpacked by
/// `cargo xtask setup` in the checkout that `program` was built in; else the bare
/// file name, which the system's loader looks up.
#[must_use]
pub fn library_near(program: &Path) -> PathBuf {
    let folder = program.parent().unwrap_or(program);
    let beside = [folder.join(LIBRARY), folder.join("../lib").join(LIBRARY)];
    let unpacked = folder
        .ancestors()
        .map(|above| above.join(".native/onnxruntime").join(LIBRARY));
    let mut all = beside.into_iter().chain(unpacked);
    all.find(|path| path.is_file())
        .unwrap_or_else(|| PathBuf::from(LIBRARY))
}
