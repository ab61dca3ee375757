//! CUDA's settings, and the libraries that it and TensorRT need.

use std::path::Path;
use std::sync::Once;

use ort::ep::cuda::{CUDA_DYLIBS, CUDNN_DYLIBS};
use ort::ep::{CUDA, ExecutionProviderDispatch};

use super::RefusalReason;

/// The folder beside the ONNX Runtime library for NVIDIA's.
const FOLDER: &str = "cuda";

/// In the order in which they need each other.
const TENSORRT_LIBRARIES: [&str; 3] = [
    "libnvinfer.so.10",
    "libnvinfer_plugin.so.10",
    "libnvonnxparser.so.10",
];

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
    let Some(folder) = onnx_runtime.parent().map(|beside| beside.join(FOLDER)) else {
        return;
    };
    LOADED.call_once(|| {
        let names = CUDA_DYLIBS
            .iter()
            .chain(CUDNN_DYLIBS)
            .chain(&TENSORRT_LIBRARIES);
        for library in names.map(|name| folder.join(name)) {
            if library.is_absolute() && library.is_file() {
                let _missing_dependency = ort::util::preload_dylib(&library);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

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
