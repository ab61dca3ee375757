//! The libraries that TensorRT needs, and those that an engine depends on.

use std::path::{Path, PathBuf};
use std::sync::Once;

use ort::ep::cuda::{CUDA_DYLIBS, CUDNN_DYLIBS};

use crate::network::providers::nvidia;

/// The names of TensorRT's libraries begin with these: the library, its parser, and one for each
/// kind of GPU that it compiles for.
const TENSORRT: [&str; 2] = ["libnvinfer", "libnvonnxparser"];

/// The version that ONNX Runtime's provider is made for.
const TENSORRT_10: [&str; 2] = ["libnvinfer.so.10", "libnvonnxparser.so.10"];

/// Libraries whose code ends up in an engine. Further libraries that belong to one of these, and
/// that it loads when it needs them, have the same version.
const IN_ENGINES: [&str; 6] = [
    "libnvinfer",
    "libnvonnxparser",
    "libcudart",
    "libcublas",
    "libcublasLt",
    "libcudnn",
];

/// Loads CUDA's and TensorRT's libraries from the folder beside ONNX Runtime. Then it loads those
/// that an engine depends on from wherever the system's loader finds them, so that an engine's key
/// is the same before and after the first network.
pub(super) fn load(onnx_runtime: &Path) {
    static LOADED: Once = Once::new();
    nvidia::load_cuda_libraries(onnx_runtime);
    LOADED.call_once(|| {
        let folder = nvidia::library_folder(onnx_runtime);
        nvidia::load(folder.iter().flat_map(|folder| tensorrt_in(folder)));
        // Loaders of other systems may look into the working directory, where anybody may have put
        // a library. Besides, only Linux reports what is loaded.
        if cfg!(target_os = "linux") {
            for name in engine_dependencies() {
                let _not_installed = ort::util::preload_dylib(name);
            }
        }
    });
}

/// Whether this is a file of one of the libraries that an engine depends on.
pub(super) fn ends_up_in_engine(library: &Path) -> bool {
    let is_one_of_them = |name: &str| {
        let versions = IN_ENGINES.iter();
        let mut versions = versions.filter_map(|wanted| name.strip_prefix(wanted));
        versions.any(|version| version.starts_with(".so"))
    };
    file_name(library).is_some_and(is_one_of_them)
}

/// The names under which ONNX Runtime's provider asks the system's loader for the libraries that
/// an engine depends on, each after the libraries that it needs.
fn engine_dependencies() -> impl Iterator<Item = &'static str> {
    let all = CUDA_DYLIBS.iter().chain(CUDNN_DYLIBS).chain(&TENSORRT_10);
    all.copied()
        .filter(|name| ends_up_in_engine(Path::new(name)))
}

/// In the order of their names, so that the library comes before its plugins and its parser.
fn tensorrt_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_one_of_them = |name: &str| TENSORRT.iter().any(|wanted| name.starts_with(wanted));
    let is_wanted = |path: &PathBuf| file_name(path).is_some_and(is_one_of_them);
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(is_wanted)
        .collect();
    found.sort_unstable();
    found
}

/// Names that are not UTF-8 are not those of a known library.
fn file_name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
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
            engine_dependencies().eq(names),
            "{:?}",
            engine_dependencies().collect::<Vec<_>>()
        );
    }
}
