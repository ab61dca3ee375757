//! The tensors that are trained.

use tch::{Device, TchError, Tensor};

use super::settings::CheckedSettings;
use crate::cfa::model::CfaModel;

/// The model, and the radius where that is trained, too.
#[derive(Debug)]
pub(super) struct Learner {
    pub(super) model: CfaModel,
    /// r, when it is trained like a weight.
    pub(super) radius: Option<Tensor>,
    pub(super) settings: CheckedSettings,
    pub(super) device: Device,
    /// Whether gradients are computed by hand.
    pub(super) by_hand: bool,
}

impl Learner {
    pub(super) fn new(
        settings: &CheckedSettings,
        model: CfaModel,
        device: Device,
    ) -> Result<Self, TchError> {
        let options = settings.options();
        let radius = options
            .train_radius
            .then(|| trained_radius(options.radius, device))
            .transpose()?;
        Ok(Self {
            model,
            radius,
            settings: settings.clone(),
            device,
            by_hand: device == Device::Cpu,
        })
    }

    /// The trained tensors in the optimiser's order: weight, bias, radius.
    pub(super) fn parameters(&self) -> Vec<&Tensor> {
        let descriptor = self.model.descriptor().parameters().into_iter();
        descriptor.chain(self.radius.as_ref()).collect()
    }

    /// The radius of the hyperspheres as it is now.
    pub(super) fn radius(&self) -> Result<f64, TchError> {
        match &self.radius {
            Some(radius) => radius.f_double_value(&[0]),
            None => Ok(self.settings.options().radius),
        }
    }
}

/// r as the optimiser takes it: one value with a gradient.
pub(super) fn trained_radius(value: f64, device: Device) -> Result<Tensor, TchError> {
    Ok(Tensor::f_from_slice(&[value as f32])?
        .f_to_device(device)?
        .set_requires_grad(true))
}
