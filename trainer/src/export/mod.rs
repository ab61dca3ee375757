//! From a trained model to the bundle that ships.

mod framing;
mod golden;
mod heatmap;
mod manifest;
pub mod onnx;
mod onnx_full;
mod proof;
mod reduced;
mod request;

pub(crate) use golden::drawing;
pub use onnx_full::{
    OnnxFullCheck, OnnxFullError, OnnxFullRequest, OnnxFullSummary, export_onnx_full,
};
pub use reduced::{
    CalibrationFate, CostLimits, LabelledCost, ReducedExportError, ReducedRequest, ReducedStep,
    ReducedSummary, ReductionCost, export_reduced,
};
pub use request::ExportRequest;

use std::fs;

use cfa_runtime::Cancellation;
use cfa_runtime::bundle::{BundleParts, CfaTensors, write_bundle};

use crate::cfa::frame::FramedModel;
use crate::cfa::model::CfaModel;
use crate::error::TrainError;
use crate::events::{FitEvent, FitObserver};
use crate::training::{FeatureExtractor, FeatureStore};

/// Records golden samples, has the runtime reproduce them and score the held-out
/// pictures, and writes the bundle. The model computes where the extractor does.
///
/// # Errors
/// The graph cannot be exported, the runtime computes other maps than libtorch, the
/// file cannot be written, or the work was stopped. Nothing is written then.
pub fn export(
    request: &ExportRequest<'_>,
    extractor: &FeatureExtractor,
    model: &CfaModel,
    store: &mut FeatureStore,
    observer: &mut dyn FitObserver,
    cancellation: &Cancellation,
) -> Result<(), TrainError> {
    observer.event(&FitEvent::Exporting);
    let device = extractor.device();
    let golden = golden::record(request, extractor, model)?;
    let range = match request.heatmap_range {
        Some(range) => range,
        None => heatmap::heatmap_range(model, store, device)?,
    };
    let neighbors = request.settings.options().neighbors;
    let framed = framing::framed(model, neighbors, store, device)?;
    let parts = BundleParts {
        manifest: manifest::manifest(request, &framed, &golden, range),
        network_onnx: network_onnx(request, &framed)?,
        tensors: CfaTensors {
            coordinates: framed.coordinates,
            memory_bank: framed.memory_bank,
        },
        golden: golden.into_iter().map(|g| g.record).collect(),
    };
    verify_and_write(parts, request, observer, cancellation)
}

/// Has the runtime reproduce the golden samples and score the held-out pictures, and writes
/// the bundle.
///
/// # Errors
/// The runtime computes other maps than libtorch, the file cannot be written, or the work was
/// stopped. Nothing is written then.
pub(crate) fn verify_and_write(
    parts: BundleParts,
    request: &ExportRequest<'_>,
    observer: &mut dyn FitObserver,
    cancellation: &Cancellation,
) -> Result<(), TrainError> {
    let parts = proof::verified_and_calibrated(parts, request, observer, cancellation)?;
    write_bundle(request.bundle, parts)?;
    let written = fs::metadata(request.bundle).map_err(|source| TrainError::File {
        path: request.bundle.to_owned(),
        action: "cannot find the bundle that was just written; is another program moving it?",
        source,
    })?;
    observer.event(&FitEvent::Exported {
        bundle: request.bundle.to_owned(),
        bytes: written.len(),
    });
    Ok(())
}

/// The whole network as ONNX: backbone, pooling, levels of the descriptor.
fn network_onnx(request: &ExportRequest<'_>, framed: &FramedModel) -> Result<Vec<u8>, TrainError> {
    let settings = request.settings;
    let graph = framed.with_levels(&settings.pooled_graph())?;
    let mut parameters = request.weights.tensors.clone();
    parameters.extend(framed.parameters.clone());
    let size = settings.preprocessing().input_size();
    Ok(onnx::encode(
        &graph,
        &parameters,
        (size.height, size.width),
    )?)
}
