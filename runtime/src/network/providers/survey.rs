//! Which providers this machine can really use.

use ort::value::TensorRef;

use super::precision::Precision;
use super::probe;
use super::request::{Opened, Request};
use crate::cores::CoreAffinity;
use crate::network::error::NetworkError;
use crate::network::onnx_runtime::OnnxRuntime;
use crate::network::provider::Provider;
use crate::network::provider_options::ProviderOptions;
use crate::network::refusal_reason::RefusalReason;
use crate::signature::INPUT;

/// The result of trying a provider.
#[derive(Debug)]
pub struct ProviderState {
    /// The provider.
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
        in_library: provider.entry().is_in_loaded_library(),
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
    let precision = opened.selected.precision;
    // A library that is made for other GPUs opens a network, and fails only here.
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
    let outputs = opened.session.run(ort::inputs![INPUT => tensor])?;
    let (_, values) = outputs[0].try_extract_tensor::<f32>()?;
    // In the middle the convolution adds all 27 ones.
    match values.get(4 * width + 4) {
        Some(middle) if (middle - 1.0).abs() < 0.01 => Ok(()),
        middle => Err(ort::Error::new(format!(
            "it computed {middle:?} where 1 is right"
        ))),
    }
}
