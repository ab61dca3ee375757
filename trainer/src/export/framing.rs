//! The axes of the exported descriptor and memory bank.

use tch::{Device, Tensor, no_grad};

use crate::cfa::frame::{FramedModel, PrincipalAxes, Samples, cheapest_axes};
use crate::cfa::model::CfaModel;
use crate::cfa::neighbors::rows;
use crate::error::TrainError;
use crate::training::FeatureStore;

/// Training pictures whose descriptors decide along how many axes distances are bounded.
const SAMPLE_PICTURES: usize = 4;

/// The model on the axes on which the runtime searches fastest.
pub(super) fn framed(
    model: &CfaModel,
    neighbors: usize,
    store: &mut FeatureStore,
    device: Device,
) -> Result<FramedModel, TrainError> {
    let bank = model.memory_bank()?;
    let mut principal = PrincipalAxes::of_bank(bank)?;
    let descriptors = sample_descriptors(model, store, device)?;
    if let Some(descriptors) = &descriptors {
        principal = principal.led_by(descriptors)?;
    }
    let samples = Samples {
        descriptors: descriptors.unwrap_or(bank.shallow_clone()),
        neighbors,
        shape: model.descriptor().shape(),
    };
    let axes = cheapest_axes(&samples, bank, &principal)?;
    Ok(FramedModel::new(
        model.descriptor(),
        bank,
        &principal,
        axes,
    )?)
}

/// Descriptors of some training pictures, one a row; `None` without stored features.
fn sample_descriptors(
    model: &CfaModel,
    store: &mut FeatureStore,
    device: Device,
) -> Result<Option<Tensor>, TrainError> {
    let pictures = store.len().min(SAMPLE_PICTURES);
    if pictures == 0 {
        return Ok(None);
    }
    let indices: Vec<usize> = (0..pictures).map(|i| i * store.len() / pictures).collect();
    let pooled = store.batch(&indices, device)?;
    let phi = no_grad(|| model.descriptor().forward(&pooled))?;
    let rows = rows(&phi)?;
    let (_, _, channels) = rows.size3()?;
    Ok(Some(rows.f_reshape([-1, channels])?))
}
