//! The training loop over stored features.

use cfa_runtime::Cancellation;
use rand::seq::SliceRandom;
use tch::{Device, TchError};

use super::checkpoint::{Checkpoint, Position, Saving};
use super::feature_store::FeatureStore;
use super::learner::Learner;
use super::optimizer::AdamW;
use super::settings::CheckedSettings;
use super::step::{Gradients, LibtorchAlone, Step};
use crate::cfa::descriptor::Descriptor;
use crate::cfa::memory_bank;
use crate::cfa::model::{CfaModel, ModelError, Scored};
use crate::error::TrainError;
use crate::events::{FitEvent, FitObserver};
use crate::interruption::go_on;
use crate::network::PooledMaps;
use crate::random::random_stream;

/// The trainer: model, loss and optimiser.
#[derive(Debug)]
pub struct Cfa {
    learner: Learner,
    optimizer: AdamW,
    position: Position,
}

impl Cfa {
    /// Draws the descriptor and builds the memory bank with it (METHOD.md, section 5).
    ///
    /// # Errors
    /// Memory runs out, or the work was stopped.
    pub fn start(
        settings: &CheckedSettings,
        store: &mut FeatureStore,
        device: Device,
        observer: &mut dyn FitObserver,
        cancellation: &Cancellation,
    ) -> Result<Self, TrainError> {
        let options = settings.options();
        let mut rng = random_stream(options.seed, "descriptor");
        let descriptor = Descriptor::random(settings.descriptor(), &mut rng, device)?;
        let mut model = CfaModel::new(
            descriptor,
            settings.map_generator(),
            settings.feature_size(),
        );
        let pictures = (0..store.len()).map(|index| {
            go_on(cancellation)?;
            store.batch(&[index], device)
        });
        let begun = &mut |done| {
            let of = memory_bank::RESTARTS;
            observer.event(&FitEvent::Clustering { done, of });
        };
        let mut rng = random_stream(options.seed, "k-means");
        model.initialize_centroid(pictures, options.gamma_c, &mut rng, cancellation, begun)?;
        let (entries, channels) = model.memory_bank()?.size2()?;
        let (entries, channels) = (entries as usize, channels as usize);
        observer.event(&FitEvent::MemoryBank { entries, channels });
        Ok(Self::new(settings, model, device)?)
    }

    /// Goes on from a checkpoint.
    ///
    /// # Errors
    /// The checkpoint lacks a tensor, or the device's memory runs out.
    pub(crate) fn resume(
        settings: &CheckedSettings,
        checkpoint: &Checkpoint,
        device: Device,
    ) -> Result<Self, TrainError> {
        let learner = checkpoint.learner(settings, device)?;
        let mut optimizer = configure_optimizers(&learner)?;
        checkpoint.restore(&mut optimizer, &learner)?;
        Ok(Self {
            position: checkpoint.position(),
            learner,
            optimizer,
        })
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
        let learner = Learner::new(settings, model, device)?;
        Ok(Self {
            optimizer: configure_optimizers(&learner)?,
            learner,
            position: Position::default(),
        })
    }

    /// Has libtorch derive the gradient on the processor, too. Training takes several times as
    /// long for the same result; it is there to be measured.
    #[doc(hidden)]
    pub fn differentiate_by_libtorch(&mut self) {
        self.learner.by_hand = false;
    }

    /// Descriptor and memory bank.
    #[must_use]
    pub fn model(&self) -> &CfaModel {
        &self.learner.model
    }

    /// The radius of the hyperspheres as it is now.
    ///
    /// # Errors
    /// The device cannot be read.
    pub fn radius(&self) -> Result<f64, TchError> {
        self.learner.radius()
    }

    /// Scores and anomaly maps of pictures that are not trained on.
    ///
    /// # Errors
    /// Memory runs out.
    pub fn validation_step(&self, maps: &PooledMaps) -> Result<Scored, ModelError> {
        self.learner.model.score(maps)
    }

    /// Trains to the last epoch; a checkpoint is written after every epoch and on
    /// interruption. Returns the mean loss of the last epoch; `None` when there is no epoch.
    ///
    /// # Errors
    /// The loss diverges, a checkpoint cannot be written, or the work was stopped.
    pub fn run(
        &mut self,
        store: &mut FeatureStore,
        saving: &Saving<'_>,
        observer: &mut dyn FitObserver,
        cancellation: &Cancellation,
    ) -> Result<Option<f64>, TrainError> {
        let epochs = self.learner.settings.options().epochs;
        if self.position != Position::default() {
            let Position { epoch, step, .. } = self.position;
            observer.event(&FitEvent::Resumed {
                epochs: epoch,
                steps: step,
            });
        }
        let mut step = Step::new(&self.learner)?;
        let _alone = LibtorchAlone::during(&step);
        while self.position.epoch < epochs {
            let loss = self.finish_epoch(&mut step, store, saving, observer, cancellation)?;
            self.save(saving)?;
            let epoch = self.position.epoch;
            observer.event(&FitEvent::Epoch {
                epoch,
                epochs,
                loss,
            });
        }
        Ok(self.position.last_loss)
    }

    fn save(&self, saving: &Saving<'_>) -> Result<(), TrainError> {
        Checkpoint::write(&self.learner, &self.optimizer, self.position, saving)
    }

    /// Runs what is left of the current epoch; its mean loss.
    fn finish_epoch(
        &mut self,
        step: &mut Step,
        store: &mut FeatureStore,
        saving: &Saving<'_>,
        observer: &mut dyn FitObserver,
        cancellation: &Cancellation,
    ) -> Result<f64, TrainError> {
        let (seed, epochs, batch_size) = {
            let options = self.learner.settings.options();
            (options.seed, options.epochs, options.batch_size)
        };
        let order = epoch_order(store.len(), seed, self.position.epoch);
        let batches: Vec<_> = order.chunks(batch_size).collect();
        while self.position.step < batches.len() {
            if let Err(interrupted) = go_on(cancellation) {
                self.save(saving)?;
                return Err(interrupted.resumable_from(saving.path).into());
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
        let mean = self.position.loss_sum / batches.len() as f64;
        self.position = Position {
            epoch: self.position.epoch + 1,
            step: 0,
            loss_sum: 0.0,
            last_loss: Some(mean),
        };
        Ok(mean)
    }

    /// One step of the optimiser; the loss is that before it.
    fn training_step(
        &mut self,
        step: &mut Step,
        store: &mut FeatureStore,
        pictures: &[usize],
    ) -> Result<f64, TrainError> {
        let Gradients { loss, gradients } = step.gradients(&self.learner, store, pictures)?;
        if !loss.is_finite() {
            let (epoch, step) = (self.position.epoch + 1, self.position.step + 1);
            return Err(TrainError::Diverged { loss, epoch, step });
        }
        let parameters = self.learner.parameters();
        self.optimizer.step_along(&parameters, &gradients)?;
        self.position.step += 1;
        self.position.loss_sum += loss;
        Ok(loss)
    }
}

/// `AdamW` with amsgrad over the descriptor's weight and bias, and over the radius
/// when that is trained; nothing else learns (METHOD.md, sections 1 and 7).
fn configure_optimizers(learner: &Learner) -> Result<AdamW, TchError> {
    let options = learner.settings.options();
    let parameters = learner.parameters();
    AdamW::new(&parameters, options.learning_rate, options.weight_decay)
}

/// The order of one epoch, counted from 0; depends on nothing but seed and epoch, so
/// that a resumed training sees the same batches.
#[must_use]
pub fn epoch_order(pictures: usize, seed: u64, epoch: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..pictures).collect();
    order.shuffle(&mut random_stream(seed, &format!("epoch {epoch}")));
    order
}
