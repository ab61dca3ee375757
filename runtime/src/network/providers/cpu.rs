//! ONNX Runtime's own code for the processor.

mod instructions;
mod optimised;
mod optimised_key;
mod source_files;

use std::path::Path;

use ort::ep;
use ort::ep::ExecutionProvider as _;
use ort::session::Session;
use ort::session::builder::SessionBuilder;

pub use instructions::processor_instructions;

use super::execution_provider::{ExecutionProvider, Kind, NetworkTask, Opening};
use super::precision::Precision;
use crate::network::failure::Failure;
use crate::network::loaded_files::UnknownLibrary;
use optimised::{NotKept, OptimisedNetwork};

pub(super) const CPU: ExecutionProvider = ExecutionProvider {
    needs: "any ONNX Runtime",
    is_asked_by_auto: true,
    compiles: false,
    precision: Precision::F32,
    reduced_precision: Precision::F32,
    is_in_library: ep::CPU::is_available,
    kind: Kind::BuiltIn { open },
};

fn open(task: NetworkTask<'_>) -> Opening<'_> {
    Box::new(move |builder, _cancellation| match task.cache_folder {
        Some(cache_folder) => open_kept(&task, cache_folder, builder),
        None => task.open(builder),
    })
}

/// Opens the network from the cache. The cache affects time and memory only, so a problem with
/// it is a warning.
fn open_kept(
    task: &NetworkTask<'_>,
    cache_folder: &Path,
    builder: &mut SessionBuilder,
) -> Result<Session, Failure> {
    optimised(task, cache_folder)
        .and_then(|kept| kept.open(task.network, builder, task.warnings))
        .or_else(|problem| {
            let session = task.open(builder)?;
            task.warnings.extend([format!(
                "the optimised network is not kept for the next start: {problem}"
            )]);
            Ok(session)
        })
}

fn optimised(task: &NetworkTask<'_>, cache_folder: &Path) -> Result<OptimisedNetwork, NotKept> {
    let library = task.library_file.ok_or(UnknownLibrary)?;
    let key = optimised_key::key(&task.network.sha256_hex(), &library.identity);
    Ok(OptimisedNetwork::in_cache(cache_folder, &key)?)
}
