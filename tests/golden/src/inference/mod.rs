//! From picture to score, by libtorch, by the runtime's head, and through the
//! exported network.

mod distances;
mod export;
mod features;
mod framed;
mod scores;

use anyhow::Result;
use cfa_runtime::network::OnnxRuntime;
use cfa_runtime::training_support::cfa::memory_bank::MemoryBank;
use cfa_train::cfa::descriptor::Descriptor;
use cfa_train::tensor;
use ndarray::Array2;
use tch::{Tensor, no_grad};

use crate::case::Case;
use crate::report::Report;

pub(crate) fn run(
    case: &Case<'_>,
    descriptor: &Descriptor,
    bank: &Tensor,
    onnxruntime: Option<&OnnxRuntime>,
    report: &mut Report<'_>,
) -> Result<()> {
    let input = case.input("test_u8")?;
    features::compare(case, &input, report)?;
    let pooled = case.pooled("test_u8")?;
    features::compare_patch(case, &pooled, report)?;
    let phi = no_grad(|| descriptor.forward(&pooled))?;
    features::compare_phi(case, "φ", &phi, report)?;
    distances::compare(case, &phi, bank, report)?;
    scores::compare_libtorch(case, &phi, bank, report)?;
    scores::compare_runtime(case, "runtime", &phi, bank, report)?;
    match onnxruntime {
        Some(library) => {
            export::compare(case, library, descriptor, &input, bank, report)?;
            let model = framed::model(case, descriptor, &phi, bank)?;
            framed::compare(case, library, &model, &input, report)?;
        }
        None => report.skip(case.name, "exported network", "no ONNX Runtime was given"),
    }
    Ok(())
}

/// Height and width of the case's pictures, and so of its maps.
fn map_size(case: &Case<'_>) -> Result<(usize, usize)> {
    let shape = &case.archive.tensor("test_u8")?.shape;
    Ok((shape[2], shape[3]))
}

fn runtime_bank(bank: &Tensor) -> Result<MemoryBank> {
    let (entries, channels) = bank.size2()?;
    let values = tensor::host_values(bank)?;
    let matrix = Array2::from_shape_vec((entries as usize, channels as usize), values)?;
    Ok(MemoryBank::new(matrix)?)
}
