//! The key of an engine: there is one for each network, GPU, driver and set of libraries.

use std::path::PathBuf;

use super::engine::TensorRtEngine;
use super::libraries::ends_up_in_engine;
use crate::network::loaded_files::{self, LoadedFile, identity};
use crate::network::providers::nvidia::{nvidia_driver, nvidia_gpus};
use crate::network::store::StoreKey;

/// ONNX Runtime's providers, beside its library. They count whether or not they are loaded yet.
const PROVIDERS: [&str; 3] = [
    "libonnxruntime_providers_shared.so",
    "libonnxruntime_providers_tensorrt.so",
    "libonnxruntime_providers_cuda.so",
];

/// The key of everything that the engine depends on, as far as it can be read. The libraries
/// must be loaded before. TensorRT itself also refuses an engine of another version or another
/// kind of GPU.
pub(super) fn key(engine: &TensorRtEngine<'_>, onnx_runtime: &LoadedFile) -> StoreKey {
    let [channels, height, width] = engine.input_shape;
    let no_driver = String::new;
    let mut parts = vec![
        engine.network_sha256_hex.to_owned(),
        format!("device {:?}, reduced {}", engine.device, engine.reduced),
        format!("input {channels}x{height}x{width}"),
        nvidia_driver().unwrap_or_else(no_driver),
    ];
    parts.extend(nvidia_gpus());
    parts.extend(libraries(onnx_runtime));
    StoreKey::from_parts(&parts)
}

/// Name, size and time of the libraries in use and of the providers beside ONNX Runtime.
fn libraries(onnx_runtime: &LoadedFile) -> Vec<String> {
    let beside = PROVIDERS.map(|name| onnx_runtime.path.with_file_name(name));
    let mut known: Vec<String> = in_use(&loaded_files::mappings())
        .chain(beside)
        .filter_map(|path| identity(&path))
        .chain([onnx_runtime.identity.clone()])
        .collect();
    known.sort_unstable();
    known.dedup();
    known
}

fn in_use(mappings: &str) -> impl Iterator<Item = PathBuf> {
    loaded_files::files(mappings).filter(|path| ends_up_in_engine(path))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]
    use std::fs;

    use super::*;

    #[test]
    fn each_part_of_the_key_counts() {
        let folder = tempfile::tempdir().unwrap();
        let onnx_runtime = LoadedFile {
            path: folder.path().join("libonnxruntime.so"),
            identity: "a library".to_owned(),
        };
        let engine = TensorRtEngine {
            device: "0",
            reduced: false,
            network_sha256_hex: "a network",
            input_shape: [3, 224, 224],
        };
        let first = key(&engine, &onnx_runtime);
        let others = [
            TensorRtEngine {
                device: "1",
                ..engine
            },
            TensorRtEngine {
                reduced: true,
                ..engine
            },
            TensorRtEngine {
                network_sha256_hex: "another",
                ..engine
            },
            TensorRtEngine {
                input_shape: [3, 224, 256],
                ..engine
            },
        ];
        for other in others {
            assert_ne!(key(&other, &onnx_runtime), first, "{other:?}");
        }
        assert_eq!(key(&engine, &onnx_runtime), first);
        let newer = LoadedFile {
            identity: "another version".to_owned(),
            ..onnx_runtime.clone()
        };
        assert_ne!(key(&engine, &newer), first);
        let provider = folder.path().join("libonnxruntime_providers_tensorrt.so");
        fs::write(provider, "").unwrap();
        assert_ne!(key(&engine, &onnx_runtime), first);
    }

    /// What a provider loads while it opens its first network does not change the key of the
    /// second.
    #[test]
    fn only_what_is_loaded_before_the_first_network_counts() {
        let before = [
            "/gpu/libonnxruntime.so.1.24.1",
            "/gpu/cuda/libcudart.so.13",
            "/gpu/cuda/libcublas.so.13.1.0",
            "/gpu/cuda/libcublasLt.so.13",
            "/gpu/cuda/libcudnn.so.9",
            "/usr/lib/libnvinfer.so.10.9.0",
            "/usr/lib/libnvonnxparser.so.10",
        ];
        let later = [
            "/gpu/libonnxruntime_providers_shared.so",
            "/gpu/libonnxruntime_providers_tensorrt.so",
            "/elsewhere/libonnxruntime_providers_cuda.so",
            "/usr/lib/libnvinfer_builder_resource_sm90.so.10.9.0",
            "/usr/lib/libnvinfer_plugin.so.10",
            "/gpu/cuda/libcudnn_graph.so.9",
        ];
        let mapped = |paths: &[&str]| {
            let lines = paths
                .iter()
                .map(|path| format!("1000-2000 r-xp 0 fd:01 1 {path}\n"));
            in_use(&lines.collect::<String>()).collect::<Vec<_>>()
        };
        let first = mapped(&before);
        assert_eq!(
            first,
            before[1..].iter().map(PathBuf::from).collect::<Vec<_>>()
        );
        assert_eq!(mapped(&[&before[..], &later].concat()), first);
    }
}
