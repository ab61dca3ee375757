//! Loss and gradients of one batch, computed in the way that is fastest on the device.

use cfa_runtime::BrokenInvariant;
use cfa_runtime::training_support::cfa::memory_bank::{
    BoundingAxes, MemoryBank, NeighborsError, Projection,
};
use ndarray::Array2;
use tch::{Kind, Tensor};

use super::feature_store::FeatureStore;
use super::learner::Learner;
use super::optimizer;
use crate::cfa::descriptor::Descriptor;
use crate::cfa::frame::PrincipalAxes;
use crate::cfa::gradient::{BatchGradient, GradientError, Slopes, Weights};
use crate::cfa::neighbors::rows;
use crate::error::TrainError;
use crate::tensor::{from_values, host_values, matrix};

/// Axes of the bank along which all entries are compared first, and those along which
/// the promising ones are compared again: an eighth of the channels, or this many. On
/// photographs some dozens of the thousands of entries pass the first bound and a
/// handful the second; while the first steps overshoot, several times that.
const FIRST_BOUND: usize = 32;
const SECOND_BOUND: usize = 128;

/// Loss and gradients of one batch.
#[derive(Debug)]
pub(super) struct Gradients {
    /// The loss; NaN when φ is no number any more.
    pub(super) loss: f64,
    /// One gradient for each parameter, in the optimiser's order. None when the loss is NaN.
    pub(super) gradients: Vec<Tensor>,
}

/// How they are computed.
#[derive(Debug)]
pub(super) enum Step {
    /// On the CPU: searched and differentiated by hand.
    Host(Box<BatchGradient>),
    /// Elsewhere: by libtorch.
    Libtorch,
}

impl Step {
    pub(super) fn new(learner: &Learner) -> Result<Self, TrainError> {
        if !learner.by_hand {
            return Ok(Self::Libtorch);
        }
        let settings = &learner.settings;
        let gradient = BatchGradient::new(
            settings.descriptor(),
            settings.map_shapes(),
            searchable(learner.model.memory_bank()?)?,
            settings.loss(),
        );
        Ok(Self::Host(Box::new(gradient)))
    }

    /// Loss and gradients of the pictures with these indices.
    pub(super) fn gradients(
        &mut self,
        learner: &Learner,
        store: &mut FeatureStore,
        pictures: &[usize],
    ) -> Result<Gradients, TrainError> {
        match self {
            Self::Host(gradient) => on_host(gradient, learner, store, pictures),
            Self::Libtorch => by_libtorch(learner, store, pictures),
        }
    }
}

/// libtorch keeps to the calling thread while this lives: its own threads wait for work
/// by spinning, on the cores that the search needs.
#[derive(Debug)]
pub(super) struct LibtorchAlone {
    threads: i32,
}

impl LibtorchAlone {
    /// While `step` needs the cores itself.
    pub(super) fn during(step: &Step) -> Option<Self> {
        let threads = tch::get_num_threads();
        matches!(step, Step::Host(_)).then(|| {
            tch::set_num_threads(1);
            Self { threads }
        })
    }
}

impl Drop for LibtorchAlone {
    fn drop(&mut self) {
        tch::set_num_threads(self.threads);
    }
}

fn on_host(
    gradient: &mut BatchGradient,
    learner: &Learner,
    store: &mut FeatureStore,
    pictures: &[usize],
) -> Result<Gradients, TrainError> {
    let weights = weights(learner.model.descriptor())?;
    gradient.begin(weights, learner.radius()? as f32, pictures.len());
    for &index in pictures {
        match gradient.add(store.picture(index)?) {
            Err(GradientError::Neighbors(NeighborsError::NotFinite { .. })) => {
                return Ok(Gradients {
                    loss: f64::NAN,
                    gradients: Vec::new(),
                });
            }
            other => other?,
        }
    }
    let (loss, slopes) = gradient.finish();
    let mut gradients = tensors(slopes)?;
    gradients.truncate(learner.parameters().len());
    Ok(Gradients { loss, gradients })
}

/// The bank for the runtime's search, with its principal axes.
fn searchable(bank: &Tensor) -> Result<MemoryBank, TrainError> {
    let principal = PrincipalAxes::of_bank(bank)?;
    let rows = matrix(bank)?;
    let second = SECOND_BOUND.max(rows.ncols() / 8).min(rows.ncols());
    let counts = BoundingAxes {
        first: FIRST_BOUND.min(second),
        second,
    };
    // The last one comes first, as the one that is turned after the descriptors.
    let axes = principal
        .axes
        .f_narrow(1, 0, second as i64)?
        .f_roll([1], [1])?;
    let projection = Projection {
        origin: host_values(&principal.origin)?,
        axes: matrix(&axes.f_transpose(0, 1)?)?,
    };
    let bank = MemoryBank::new(rows).and_then(|bank| bank.with_projection(counts, projection));
    Ok(bank.map_err(GradientError::from)?)
}

fn weights(descriptor: &Descriptor) -> Result<Weights, TrainError> {
    let [outputs, inputs, ..] = descriptor.shape().weight_shape();
    let [weight, bias] = descriptor.parameters();
    let weight = Array2::from_shape_vec((outputs, inputs), host_values(weight)?);
    Ok(Weights {
        weight: weight.map_err(GradientError::from)?,
        bias: host_values(bias)?,
    })
}

/// The gradients of weight, bias and radius.
fn tensors(slopes: &Slopes) -> Result<Vec<Tensor>, TrainError> {
    let (outputs, inputs) = slopes.weight.dim();
    let broken = || GradientError::from(BrokenInvariant("derivatives lie row by row"));
    let weight = slopes.weight.as_slice().ok_or_else(broken)?;
    let bias = slopes.bias.as_slice().ok_or_else(broken)?;
    Ok(vec![
        from_values(weight, &[outputs, inputs, 1, 1])?,
        from_values(bias, &[outputs])?,
        from_values(&[slopes.radius as f32], &[1])?,
    ])
}

fn by_libtorch(
    learner: &Learner,
    store: &mut FeatureStore,
    pictures: &[usize],
) -> Result<Gradients, TrainError> {
    let maps = store.batch(pictures, learner.device)?;
    let phi = rows(&learner.model.descriptor().forward(&maps)?)?;
    let (loss, bank) = (learner.settings.loss(), learner.model.memory_bank()?);
    let value = match &learner.radius {
        Some(radius) => loss.forward_with_radius(&phi, bank, radius)?.total,
        None => loss.forward(&phi, bank)?.total,
    };
    value.f_backward()?;
    Ok(Gradients {
        loss: value.f_to_kind(Kind::Double)?.f_double_value(&[])?,
        gradients: optimizer::gradients(&learner.parameters())?,
    })
}
