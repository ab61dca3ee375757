//! Which engine is which: one folder for each model, GPU, driver and set of libraries.

use std::fs;
use std::path::{Path, PathBuf};

use super::Engine;
use crate::bundle::sha256_hex;
use crate::network::loaded_files::{self, LoadedFile, identity};

/// Of the driver, and of each GPU: on Linux as text files.
const DRIVER: &str = "/proc/driver/nvidia/version";
const GPUS: &str = "/proc/driver/nvidia/gpus";

/// 128 bits name a folder well enough.
pub(in crate::network) const KEY_DIGITS: usize = 32;

/// Libraries whose code ends up in an engine; those that belong to one of these, and that it
/// loads when it needs them, are of the same version.
const LIBRARIES: [&str; 6] = [
    "libnvinfer",
    "libnvonnxparser",
    "libcudart",
    "libcublas",
    "libcublasLt",
    "libcudnn",
];

/// Of ONNX Runtime, beside its library. Whether they are loaded already is not asked.
const PROVIDERS: [&str; 3] = [
    "libonnxruntime_providers_shared.so",
    "libonnxruntime_providers_tensorrt.so",
    "libonnxruntime_providers_cuda.so",
];

/// The driver's version, when there is an NVIDIA driver.
#[must_use]
pub fn nvidia_driver() -> Option<String> {
    let text = fs::read_to_string(DRIVER).ok()?;
    Some(text.lines().next()?.trim().to_owned())
}

/// Name and number of each NVIDIA GPU that the driver tells of.
#[must_use]
pub fn nvidia_gpus() -> Vec<String> {
    let folders = fs::read_dir(GPUS).into_iter().flatten().flatten();
    let mut gpus: Vec<String> = folders
        .filter_map(|gpu| fs::read_to_string(gpu.path().join("information")).ok())
        .map(|text| facts(&text))
        .collect();
    gpus.sort_unstable();
    gpus
}

fn facts(information: &str) -> String {
    let values = information.lines().filter_map(|line| line.split_once(':'));
    let wanted = values.filter(|(name, _)| ["Model", "GPU UUID"].contains(name));
    wanted
        .map(|(_, value)| value.trim())
        .collect::<Vec<_>>()
        .join(", ")
}

/// Hexadecimal digits for what the engine depends on, as far as it can be read. The libraries
/// must be loaded before.
/// TensorRT itself refuses an engine of another version or another kind of GPU, too.
pub(in crate::network) fn of(engine: &Engine<'_>, onnx_runtime: &LoadedFile) -> String {
    let [channels, height, width] = engine.input_shape;
    let mut parts = vec![
        engine.network_sha256_hex.to_owned(),
        format!("device {:?}, reduced {}", engine.device, engine.reduced),
        format!("input {channels}x{height}x{width}"),
        nvidia_driver().unwrap_or_default(),
    ];
    parts.extend(nvidia_gpus());
    parts.extend(libraries(onnx_runtime));
    let mut key = sha256_hex(parts.join("\n").as_bytes());
    key.truncate(KEY_DIGITS);
    key
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

/// Whether this is a file of one of the libraries that an engine depends on.
pub(in crate::network) fn ends_up_in_engine(library: &Path) -> bool {
    let name = library.file_name().unwrap_or_default().to_string_lossy();
    let is_of = |wanted: &&str| {
        let version = name.strip_prefix(*wanted);
        version.is_some_and(|version| version.starts_with(".so"))
    };
    LIBRARIES.iter().any(is_of)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]
    use super::*;

    #[test]
    fn each_part_of_the_key_counts() {
        let folder = tempfile::tempdir().unwrap();
        let onnx_runtime = LoadedFile {
            path: folder.path().join("libonnxruntime.so"),
            identity: "a library".to_owned(),
        };
        let engine = Engine {
            device: "0",
            reduced: false,
            network_sha256_hex: "a network",
            input_shape: [3, 224, 224],
        };
        let key = of(&engine, &onnx_runtime);
        assert_eq!(key.len(), 32);
        let others = [
            Engine {
                device: "1",
                ..engine
            },
            Engine {
                reduced: true,
                ..engine
            },
            Engine {
                network_sha256_hex: "another",
                ..engine
            },
            Engine {
                input_shape: [3, 224, 256],
                ..engine
            },
        ];
        for other in others {
            assert_ne!(of(&other, &onnx_runtime), key, "{other:?}");
        }
        assert_eq!(of(&engine, &onnx_runtime), key);
        let newer = LoadedFile {
            identity: "another version".to_owned(),
            ..onnx_runtime.clone()
        };
        assert_ne!(of(&engine, &newer), key);
        let provider = folder.path().join("libonnxruntime_providers_tensorrt.so");
        fs::write(provider, "").unwrap();
        assert_ne!(of(&engine, &onnx_runtime), key);
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

    #[test]
    fn the_facts_of_a_gpu_are_its_model_and_number() {
        let text = "Model: \t\t NVIDIA H100 80GB HBM3\nIRQ:   \t\t 34\nGPU UUID: \t GPU-12ab\nVideo BIOS: \t 96.00\n";
        assert_eq!(facts(text), "NVIDIA H100 80GB HBM3, GPU-12ab");
    }
}
