//! CUDA's settings, and the libraries that it and TensorRT need.

use std::path::{Path, PathBuf};
use std::sync::Once;

use ort::ep::cuda::{CUDA_DYLIBS, CUDNN_DYLIBS};
use ort::ep::{CUDA, ExecutionProviderDispatch};

use super::RefusalReason;
use super::tensorrt::engine_key;

/// The folder beside the ONNX Runtime library for NVIDIA's.
const FOLDER: &str = "cuda";

/// How the names of TensorRT's begin: the library, its parser, and one for each kind of GPU
/// that it compiles for.
const TENSORRT: [&str; 2] = ["libnvinfer", "libnvonnxparser"];

/// The version that ONNX Runtime's provider is made for.
const TENSORRT_10: [&str; 2] = ["libnvinfer.so.10", "libnvonnxparser.so.10"];

pub(super) const DEFAULT_DEVICE: &str = "0";

/// With `reduced` factors are rounded to TF32; else all is computed in `f32`, which is said
/// aloud because ONNX Runtime's own default is the former.
pub(super) fn settings(
    device: &str,
    reduced: bool,
) -> Result<ExecutionProviderDispatch, RefusalReason> {
    let cuda = CUDA::default()
        .with_device_id(number(device)?)
        .with_tf32(reduced);
    Ok(cuda.build())
}

/// Which GPU, counted from 0.
pub(super) fn number(device: &str) -> Result<i32, RefusalReason> {
    let number: Option<u8> = device.parse().ok();
    number.map(i32::from).ok_or_else(|| RefusalReason::Device {
        device: device.to_owned(),
    })
}

/// Loads NVIDIA's libraries from the folder `cuda` beside ONNX Runtime, where there is one,
/// so that its providers find them without an environment variable; what is not there, or
/// does not load, is left to the system's loader, and then to the provider's error.
pub(super) fn load_libraries(onnx_runtime: &Path) {
    static LOADED: Once = Once::new();
    if let Some(folder) = folder(onnx_runtime) {
        let names = CUDA_DYLIBS.iter().chain(CUDNN_DYLIBS);
        LOADED.call_once(|| load(names.map(|name| folder.join(name))));
    }
}

/// The same for those of TensorRT, which need the others; and what an engine depends on is then
/// loaded from wherever the system's loader finds it, so that an engine's key is the same
/// before and after the first network.
pub(super) fn load_tensorrt(onnx_runtime: &Path) {
    static LOADED: Once = Once::new();
    load_libraries(onnx_runtime);
    LOADED.call_once(|| {
        load(
            folder(onnx_runtime)
                .iter()
                .flat_map(|folder| tensorrt_in(folder)),
        );
        // Loaders of other systems may look into the working directory, where anybody may have put
        // a library; and only Linux tells what is loaded.
        if cfg!(target_os = "linux") {
            for name in of_engines() {
                let _not_installed = ort::util::preload_dylib(name);
            }
        }
    });
}

/// Names under which ONNX Runtime's provider asks the system's loader for what an engine
/// depends on, each after what it needs.
fn of_engines() -> impl Iterator<Item = &'static str> {
    let all = CUDA_DYLIBS.iter().chain(CUDNN_DYLIBS).chain(&TENSORRT_10);
    all.copied()
        .filter(|name| engine_key::ends_up_in_engine(Path::new(name)))
}

/// None for a library that the system's loader found.
fn folder(onnx_runtime: &Path) -> Option<PathBuf> {
    let beside = onnx_runtime.parent().filter(|beside| beside.is_absolute());
    beside.map(|beside| beside.join(FOLDER))
}

fn load(libraries: impl IntoIterator<Item = PathBuf>) {
    for library in libraries.into_iter().filter(|library| library.is_file()) {
        let _missing_dependency = ort::util::preload_dylib(&library);
    }
}

/// By name, so that the library comes before its plugins and its parser.
fn tensorrt_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_wanted = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        TENSORRT.iter().any(|wanted| name.starts_with(wanted))
    };
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(is_wanted)
        .collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]
    use super::*;

    #[test]
    fn libraries_of_tensorrt_are_found_by_their_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "libnvonnxparser.so.10",
            "libnvinfer_builder_resource_sm90.so.10.1.0",
            "libnvinfer.so.10",
            "libcudart.so.13",
        ] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let found = tensorrt_in(folder.path());
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap()).collect();
        assert_eq!(
            names,
            [
                "libnvinfer.so.10",
                "libnvinfer_builder_resource_sm90.so.10.1.0",
                "libnvonnxparser.so.10"
            ]
        );
        assert!(super::folder(Path::new("libonnxruntime.so")).is_none());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_an_engine_depends_on_is_loaded_before_its_key_is_made() {
        let names = [
            "libcudart.so.13",
            "libcublasLt.so.13",
            "libcublas.so.13",
            "libcudnn.so.9",
            "libnvinfer.so.10",
            "libnvonnxparser.so.10",
        ];
        assert!(
            of_engines().eq(names),
            "{:?}",
            of_engines().collect::<Vec<_>>()
        );
    }

    #[test]
    fn gpus_are_counted() {
        assert!(matches!(number("3"), Ok(3)));
        for device in ["", "GPU", "-1", "0.0", "1000"] {
            assert!(
                matches!(number(device), Err(RefusalReason::Device { .. })),
                "{device}"
            );
        }
    }
}
