//! What CUDA and TensorRT share: the driver, the GPUs, and the folder of NVIDIA's libraries.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;

use ort::ep::cuda::{CUDA_DYLIBS, CUDNN_DYLIBS};

use crate::network::refusal_reason::RefusalReason;

/// The folder for NVIDIA's libraries beside the ONNX Runtime library.
const FOLDER: &str = "cuda";

pub(super) const LIBRARY_FOLDER: &str = "onnxruntime-gpu";
pub(super) const DEFAULT_DEVICE: &str = "0";
/// The devices that there are, for an error message.
const DEVICES: &str = "a GPU by its number, counted from 0";

/// On Linux the driver describes itself in this text file, and each GPU in a folder of the
/// other.
const DRIVER: &str = "/proc/driver/nvidia/version";
const GPUS: &str = "/proc/driver/nvidia/gpus";

/// The driver's version, when there is an NVIDIA driver.
#[must_use]
pub fn nvidia_driver() -> Option<String> {
    let text = fs::read_to_string(DRIVER).ok()?;
    Some(text.lines().next()?.trim().to_owned())
}

/// Name and number of each NVIDIA GPU that the driver reports.
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

/// The number of a GPU, counted from 0.
pub(super) fn gpu_number(device: &str) -> Result<i32, RefusalReason> {
    let number: Option<u8> = device.parse().ok();
    number.map(i32::from).ok_or_else(|| RefusalReason::Device {
        device: device.to_owned(),
        devices: DEVICES,
    })
}

/// Loads CUDA's libraries from the folder `cuda` beside ONNX Runtime, where there is one, so
/// that its providers find them without an environment variable. A library that is missing
/// there, or does not load, is left to the system's loader, and then to the provider's error.
pub(super) fn load_cuda_libraries(onnx_runtime: &Path) {
    static LOADED: Once = Once::new();
    if let Some(folder) = library_folder(onnx_runtime) {
        let names = CUDA_DYLIBS.iter().chain(CUDNN_DYLIBS);
        LOADED.call_once(|| load(names.map(|name| folder.join(name))));
    }
}

/// The folder for NVIDIA's libraries; `None` for an ONNX Runtime that the system's loader found.
pub(super) fn library_folder(onnx_runtime: &Path) -> Option<PathBuf> {
    let beside = onnx_runtime.parent().filter(|beside| beside.is_absolute());
    beside.map(|beside| beside.join(FOLDER))
}

/// Loads the libraries that are there.
pub(super) fn load(libraries: impl IntoIterator<Item = PathBuf>) {
    for library in libraries.into_iter().filter(|library| library.is_file()) {
        let _missing_dependency = ort::util::preload_dylib(&library);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_the_loader_found_has_no_folder() {
        assert!(library_folder(Path::new("libonnxruntime.so")).is_none());
    }

    #[test]
    fn gpus_are_counted() {
        assert!(matches!(gpu_number("3"), Ok(3)));
        for device in ["", "GPU", "-1", "0.0", "1000"] {
            assert!(
                matches!(gpu_number(device), Err(RefusalReason::Device { .. })),
                "{device}"
            );
        }
    }

    #[test]
    fn a_gpu_is_described_by_its_model_and_number() {
        let text = "Model: \t\t NVIDIA H100 80GB HBM3\nIRQ:   \t\t 34\nGPU UUID: \t GPU-12ab\nVideo BIOS: \t 96.00\n";
        assert_eq!(facts(text), "NVIDIA H100 80GB HBM3, GPU-12ab");
    }
}
