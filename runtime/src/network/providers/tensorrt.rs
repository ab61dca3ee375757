//! NVIDIA GPUs through TensorRT, which compiles the network when it is first opened.

mod engine;
mod engine_folder;
mod engine_key;
mod libraries;

use ort::ep;
use ort::ep::ExecutionProvider as _;

use super::execution_provider::{ExecutionProvider, Kind, NetworkTask, Plugin, Registration};
use super::nvidia;
use super::precision::Precision;
use crate::network::loaded_files::UnknownLibrary;
use crate::network::refusal_reason::RefusalReason;
use crate::network::store::CacheFolderError;
use engine::TensorRtEngine;
use engine_folder::EngineFolder;

pub(super) const TENSORRT: ExecutionProvider = ExecutionProvider {
    needs: "what cuda needs, and NVIDIA's TensorRT 10 \
            where the loader finds it, or in the folder `cuda` beside the library",
    is_asked_by_auto: false,
    compiles: true,
    // ONNX Runtime has no switch that keeps TensorRT from TF32.
    precision: Precision::Tf32,
    reduced_precision: Precision::Reduced,
    is_in_library: ep::TensorRT::is_available,
    kind: Kind::Plugin(Plugin {
        library_folder: nvidia::LIBRARY_FOLDER,
        default_device: nvidia::DEFAULT_DEVICE,
        seems_usable: || nvidia::nvidia_driver().is_some(),
        register,
    }),
};

fn register<'a>(task: NetworkTask<'a>, device: &'a str) -> Result<Registration<'a>, RefusalReason> {
    libraries::load(task.library);
    let engine = TensorRtEngine {
        device,
        reduced: task.reduced,
        network_sha256_hex: &task.network.sha256_hex(),
        input_shape: task.input_shape,
    };
    let Some(folder) = engine_folder(&task, &engine)? else {
        return Ok(Registration {
            settings: engine.settings(None)?,
            open: Box::new(move |builder, _cancellation| task.open(builder)),
        });
    };
    Ok(Registration {
        settings: engine.settings(Some(folder.text()?))?,
        open: Box::new(move |builder, cancellation| {
            folder.open(cancellation, task.warnings, || {
                task.open(&mut builder.clone())
            })
        }),
    })
}

/// The folder for the engine; `None` where nothing is to be kept, or nothing can be.
fn engine_folder(
    task: &NetworkTask<'_>,
    engine: &TensorRtEngine<'_>,
) -> Result<Option<EngineFolder>, CacheFolderError> {
    let Some(cache_folder) = task.cache_folder else {
        return Ok(None);
    };
    let Some(library) = task.library_file else {
        task.warnings.extend([format!(
            "the compiled network is not kept for the next start: {UnknownLibrary}"
        )]);
        return Ok(None);
    };
    EngineFolder::in_cache(cache_folder, &engine_key::key(engine, library)).map(Some)
}
