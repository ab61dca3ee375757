//! The training loop over stored features.

use std::cell::RefCell;

use rand::seq::SliceRandom;
use tch::{Device, TchError, Tensor};

use super::checkpoint::Checkpoint;
use super::step::{Gradients, LibtorchAlone, Step};
use super::{
    CheckedSettings, FeatureStore, FitEvent, FitObserver, PooledMaps, Saving, random_stream,
};
use crate::cfa::descriptor::Descriptor;
use crate::cfa::memory_bank;
use crate::cfa::model::{CfaModel, ModelError, Scored};
use crate::error::TrainError;
use crate::training::optimizer::AdamW;

/// How far a training is.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Position {
    /// Finished epochs.
    pub epoch: usize,
    /// Finished steps of the current epoch.
    pub step: usize,
    /// Sum of the losses of those steps.
    pub loss_sum: f64,
    /// Mean loss of the last finished epoch.
    pub last_loss: Option<f64>,
}

/// What a model is shown while it learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LearningType {
    /// Good pictures alone.
    OneClass,
}

/// The trainer: model, loss and optimiser.
#[derive(Debug)]
pub struct Cfa {
    pub(super) model: CfaModel,
    pub(super) optimizer: AdamW,
    /// r, when it is trained like a weight.
    pub(super) radius: Option<Tensor>,
    pub(super) position: Position,
    settings: CheckedSettings,
    device: Device,
}

impl Cfa {
    /// CFA sees good pictures alone.
    pub const LEARNING_TYPE: LearningType = LearningType::OneClass;

    /// Draws the descriptor and builds the memory bank with it (METHOD.md, section 5).
    ///
    /// # Errors
    /// Memory runs out, or the user interrupts.
    pub fn start(
        settings: &CheckedSettings,
        store: &mut FeatureStore,
        device: Device,
        observer: &mut dyn FitObserver,
    ) -> Result<Self, TrainError> {
        let options = settings.options();
        let mut rng = random_stream(options.seed, "descriptor");
        let descriptor = Descriptor::random(settings.descriptor(), &mut rng, device)?;
        let mut model = CfaModel::new(
            descriptor,
            settings.map_generator(),
            settings.feature_size(),
        );
        let watched = RefCell::new(&mut *observer);
        let go_on = || {
            if watched.borrow().interrupted() {
                return Err(TrainError::InterruptedEarly);
            }
            Ok(())
        };
        let pictures = (0..store.len()).map(|index| {
            go_on()?;
            store.batch(&[index], device)
        });
        let mut told = None;
        let mut watch = |done| {
            if told.replace(done) != Some(done) {
                let of = memory_bank::RESTARTS;
                watched
                    .borrow_mut()
                    .event(&FitEvent::Clustering { done, of });
            }
            go_on()
        };
        let mut rng = random_stream(options.seed, "k-means");
        model.initialize_centroid(pictures, options.gamma_c, &mut rng, &mut watch)?;
        let (entries, channels) = model.memory_bank()?.size2()?;
        let (entries, channels) = (entries as usize, channels as usize);
        observer.event(&FitEvent::MemoryBank { entries, channels });
        Ok(Self::new(settings, model, device)?)
    }

    /// Goes on from a checkpoint.
    ///
    /// # Errors
    /// The device's memory runs out.
    pub(super) fn resume(
        settings: &CheckedSettings,
        checkpoint: Checkpoint,
        device: Device,
    ) -> Result<Self, TrainError> {
        checkpoint.into_cfa(settings, device)
    }

    /// A model before its first step.
    ///
    /// # Errors
    /// Memory runs out.
    pub fn new(
        settings: &CheckedSettings,
        model: CfaModel,
        device: Device,
    ) -> Result<Self, TchError> {
        let options = settings.options();
        let radius = options
            .train_radius
            .then(|| trained_radius(options.radius, device))
            .transpose()?;
        let optimizer = Self::configure_optimizers(settings, &model, radius.as_ref())?;
        Ok(Self {
            model,
            optimizer,
            radius,
            position: Position::default(),
            settings: settings.clone(),
            device,
        })
    }

    /// `AdamW` with amsgrad over the descriptor's weight and bias, and over the radius
    /// when that is trained; nothing else learns (METHOD.md, sections 1 and 7).
    fn configure_optimizers(
        settings: &CheckedSettings,
        model: &CfaModel,
        radius: Option<&Tensor>,
    ) -> Result<AdamW, TchError> {
        let options = settings.options();
        let parameters = parameters(model, radius);
        AdamW::new(&parameters, options.learning_rate, options.weight_decay)
    }

    /// What is trained, in the optimiser's order: weight, bias, radius.
    pub(super) fn parameters(&self) -> Vec<&Tensor> {
        parameters(&self.model, self.radius.as_ref())
    }

    /// Descriptor and memory bank.
    #[must_use]
    pub fn model(&self) -> &CfaModel {
        &self.model
    }

    /// The radius of the hyperspheres as it is now.
    ///
    /// # Errors
    /// The device cannot be read.
    pub fn radius(&self) -> Result<f64, TchError> {
        match &self.radius {
            Some(radius) => radius.f_double_value(&[0]),
            None => Ok(self.settings.options().radius),
        }
    }

    /// Where it computes.
    #[must_use]
    pub fn device(&self) -> Device {
        self.device
    }

    /// Scores and anomaly maps of pictures that are not trained on.
    ///
    /// # Errors
    /// Memory runs out.
    pub fn validation_step(&self, maps: &PooledMaps) -> Result<Scored, ModelError> {
        self.model.score(maps)
    }

    /// Trains to the last epoch; a checkpoint is written after every epoch and on
    /// interruption. Returns the mean loss of the last epoch.
    ///
    /// # Errors
    /// The loss diverges, a checkpoint cannot be written, or the user interrupts.
    pub fn run(
        &mut self,
        store: &mut FeatureStore,
        saving: &Saving<'_>,
        observer: &mut dyn FitObserver,
    ) -> Result<Option<f64>, TrainError> {
        let epochs = self.settings.options().epochs;
        if self.position != Position::default() {
            let Position { epoch, step, .. } = self.position;
            observer.event(&FitEvent::Resumed {
                epochs: epoch,
                steps: step,
            });
        }
        let mut step = Step::new(self)?;
        let _alone = LibtorchAlone::during(&step);
        while self.position.epoch < epochs {
            self.finish_epoch(&mut step, store, saving, observer)?;
            Checkpoint::write(self, saving)?;
            let (epoch, loss) = (
                self.position.epoch,
                self.position.last_loss.unwrap_or(f64::NAN),
            );
            observer.event(&FitEvent::Epoch {
                epoch,
                epochs,
                loss,
            });
        }
        Ok(self.position.last_loss)
    }

    /// Runs what is left of the current epoch.
    fn finish_epoch(
        &mut self,
        step: &mut Step,
        store: &mut FeatureStore,
        saving: &Saving<'_>,
        observer: &mut dyn FitObserver,
    ) -> Result<(), TrainError> {
        let (seed, epochs, batch_size) = {
            let options = self.settings.options();
            (options.seed, options.epochs, options.batch_size)
        };
        let order = epoch_order(store.len(), seed, self.position.epoch);
        let batches: Vec<_> = order.chunks(batch_size).collect();
        while self.position.step < batches.len() {
            if observer.interrupted() {
                Checkpoint::write(self, saving)?;
                return Err(TrainError::Interrupted {
                    checkpoint: saving.path.to_owned(),
                });
            }
            let loss = self.training_step(step, store, batches[self.position.step])?;
            observer.event(&FitEvent::Step {
                epoch: self.position.epoch + 1,
                epochs,
                step: self.position.step,
                steps: batches.len(),
                loss,
            });
        }
        self.position = Position {
            epoch: self.position.epoch + 1,
            step: 0,
            loss_sum: 0.0,
            last_loss: Some(self.position.loss_sum / batches.len() as f64),
        };
        Ok(())
    }

    /// One step of the optimiser; the loss is that before it.
    fn training_step(
        &mut self,
        step: &mut Step,
        store: &mut FeatureStore,
        pictures: &[usize],
    ) -> Result<f64, TrainError> {
        let Gradients { loss, gradients } = step.gradients(self, store, pictures)?;
        if !loss.is_finite() {
            let (epoch, step) = (self.position.epoch + 1, self.position.step + 1);
            return Err(TrainError::Diverged { loss, epoch, step });
        }
        let parameters = parameters(&self.model, self.radius.as_ref());
        self.optimizer.step_along(&parameters, &gradients)?;
        self.position.step += 1;
        self.position.loss_sum += loss;
        Ok(loss)
    }

    /// The options it trains by.
    pub(super) fn settings(&self) -> &CheckedSettings {
        &self.settings
    }
}

fn parameters<'a>(model: &'a CfaModel, radius: Option<&'a Tensor>) -> Vec<&'a Tensor> {
    let descriptor = model.descriptor().parameters().into_iter();
    descriptor.chain(radius).collect()
}

/// r as the optimiser takes it: one value with a gradient.
pub(super) fn trained_radius(value: f64, device: Device) -> Result<Tensor, TchError> {
    Ok(Tensor::f_from_slice(&[value as f32])?
        .f_to_device(device)?
        .set_requires_grad(true))
}

/// The order of one epoch, counted from 0; depends on nothing but seed and epoch, so
/// that a resumed training sees the same batches.
#[must_use]
pub fn epoch_order(pictures: usize, seed: u64, epoch: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..pictures).collect();
    order.shuffle(&mut random_stream(seed, &format!("epoch {epoch}")));
    order
}
