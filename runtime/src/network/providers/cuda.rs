//! NVIDIA GPUs through CUDA and cuDNN.

use ort::ep::ExecutionProvider as _;
use ort::ep::{self, ExecutionProviderDispatch};

use super::execution_provider::{ExecutionProvider, Kind, NetworkTask, Plugin, Registration};
use super::nvidia;
use super::precision::Precision;
use crate::network::refusal_reason::RefusalReason;

pub(super) const CUDA: ExecutionProvider = ExecutionProvider {
    needs: "an NVIDIA GPU with its driver, and the library of PyPI's onnxruntime-gpu with the CUDA 13 \
            and cuDNN 9 that it is made for",
    is_asked_by_auto: true,
    compiles: false,
    precision: Precision::F32,
    reduced_precision: Precision::Tf32,
    is_in_library: ep::CUDA::is_available,
    kind: Kind::Plugin(Plugin {
        library_folder: nvidia::LIBRARY_FOLDER,
        default_device: nvidia::DEFAULT_DEVICE,
        seems_usable: || nvidia::nvidia_driver().is_some(),
        register,
    }),
};

fn register<'a>(task: NetworkTask<'a>, device: &'a str) -> Result<Registration<'a>, RefusalReason> {
    nvidia::load_cuda_libraries(task.library);
    Ok(Registration {
        settings: settings(device, task.reduced)?,
        open: Box::new(move |builder, _cancellation| task.open(builder)),
    })
}

/// With `reduced` factors are rounded to TF32, otherwise all is computed in `f32`. Both are set
/// explicitly, because ONNX Runtime's own default is the former.
fn settings(device: &str, reduced: bool) -> Result<ExecutionProviderDispatch, RefusalReason> {
    let cuda = ep::CUDA::default()
        .with_device_id(nvidia::gpu_number(device)?)
        .with_tf32(reduced);
    Ok(cuda.build())
}
