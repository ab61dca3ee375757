//! The rewritten network.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cfa_runtime::OnnxRuntime;
use cfa_runtime::bundle::{Bundle, NetworkPrecision};
use cfa_runtime::ndarray::Axis;
use cfa_runtime::picture::{Limits, Picture};
use cfa_runtime::training_support::ObservedNetwork;

use super::error::ReducedExportError;
use super::request::{Progress, ReducedRequest, ReducedStep};
use crate::backbone::{Backbone, TapActivation};
use crate::export::onnx::{INPUT, Observation, ReducibleNetwork};

/// Pictures that ranges are found on; more hardly change them.
const MOST_OBSERVED: usize = 32;

/// Training pictures for INT8's ranges, evenly spread over all; none for other formats.
pub(super) fn observed_pictures(request: &ReducedRequest, training: &[PathBuf]) -> Vec<PathBuf> {
    if request.precision != NetworkPrecision::Int8 {
        return Vec::new();
    }
    let count = training.len().min(MOST_OBSERVED);
    let spread = (0..count).map(|i| i * training.len() / count.max(1));
    spread.filter_map(|i| training.get(i).cloned()).collect()
}

/// The network of `original` in the format asked for, as an ONNX file.
pub(super) fn reduced(
    request: &ReducedRequest,
    original: &Bundle,
    observed: &[PathBuf],
    library: &OnnxRuntime,
    progress: &mut Progress<'_>,
) -> Result<Vec<u8>, ReducedExportError> {
    let backbone: Backbone = original.manifest().backbone.name.parse()?;
    // Activations have no weights, so any will do.
    let graph = backbone.graph(TapActivation::Relu);
    let network = ReducibleNetwork::decode(original.network_onnx(), &graph)?;
    if request.precision == NetworkPrecision::Fp16 {
        return Ok(network.fp16()?);
    }
    let runs = ObservedNetwork::new(library, &network.observable(), request.threads)?;
    let observations = observations(runs, original, observed, request.picture_limits, progress)?;
    Ok(network.int8(&observations)?)
}

/// Observes the inner values of the network on these pictures.
fn observations(
    mut network: ObservedNetwork,
    original: &Bundle,
    pictures: &[PathBuf],
    limits: Limits,
    progress: &mut Progress<'_>,
) -> Result<BTreeMap<String, Observation>, ReducedExportError> {
    let mut seen = BTreeMap::new();
    let preprocessing = &original.manifest().preprocessing;
    let of = pictures.len();
    for (done, path) in pictures.iter().enumerate() {
        let what = "ranges";
        progress.step(ReducedStep { what, done, of })?;
        let picture = Picture::open(path, &preprocessing.reading(limits))?;
        let input = preprocessing.apply(&picture)?;
        let input = input.insert_axis(Axis(0));
        let mut values = network.run(&input)?;
        values.push((INPUT.to_owned(), input.into_dyn()));
        for (name, value) in values {
            let observation = seen
                .entry(name)
                .or_insert_with_key(|name| Observation::new(name));
            observation.add(&value)?;
        }
    }
    Ok(seen)
}
