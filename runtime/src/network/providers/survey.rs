//! Which providers this machine can really use.

use ort::value::TensorRef;

use super::super::{NetworkError, OnnxRuntime};
use super::open::in_library;
use super::{Opened, Precision, Provider, ProviderOptions, RefusalReason, Request, probe};
use crate::cores::CoreAffinity;

/// What became of trying a provider.
#[derive(Debug)]
pub struct ProviderState {
    /// Which one.
    pub provider: Provider,
    /// Whether the loaded ONNX Runtime was built with it.
    pub in_library: bool,
    /// In how many bits it computes, or why it does not.
    pub usable: Result<Precision, NetworkError>,
}

/// Opens and runs a network of two operations under each provider, with its default
/// device. TensorRT compiles it, which takes a few seconds.
#[must_use]
pub fn survey(runtime: &OnnxRuntime) -> Vec<ProviderState> {
    let state = |provider| ProviderState {
        provider,
        in_library: in_library(provider),
        usable: tried(runtime, provider),
    };
    Provider::ALL.into_iter().map(state).collect()
}

fn tried(runtime: &OnnxRuntime, provider: Provider) -> Result<Precision, NetworkError> {
    let request = Request {
        runtime,
        network: &probe::network("Relu").into(),
        threads: 1,
        core_affinity: CoreAffinity::Untouched,
        input_shape: probe::SHAPE,
        provider: &ProviderOptions::from(provider),
    };
    let opened = request.open(None)?;
    let precision = opened.precision;
    // A library made for other GPUs opens, and fails only here.
    run(opened).map_err(|error| NetworkError::Provider {
        provider,
        reason: RefusalReason::Open(error.into()),
    })?;
    Ok(precision)
}

fn run(mut opened: Opened) -> ort::Result<()> {
    let [channels, height, width] = probe::SHAPE;
    let ones = vec![1.0_f32; channels * height * width];
    let tensor = TensorRef::from_array_view(([1, channels, height, width], &ones[..]))?;
    let outputs = opened.session.run(ort::inputs!["input" => tensor])?;
    let (_, values) = outputs[0].try_extract_tensor::<f32>()?;
    // In the middle all 27 ones are seen.
    match values.get(4 * width + 4) {
        Some(middle) if (middle - 1.0).abs() < 0.01 => Ok(()),
        middle => Err(ort::Error::new(format!(
            "it computed {middle:?} where 1 is right"
        ))),
    }
}
