//! The training loop over stored features.

use rand::seq::SliceRandom;
use tch::{Device, Kind, Tensor, no_grad};

use super::checkpoint::Checkpoint;
use super::{CheckedSettings, FeatureStore, FitEvent, FitObserver, Saving, random_stream};
use crate::descriptor::Descriptor;
use crate::error::TrainError;
use crate::memory_bank::{MeanFeatures, compress};
use crate::neighbors::rows;
use crate::optimizer::AdamW;

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

/// Descriptor, memory bank and optimiser.
#[derive(Debug)]
pub struct Training {
    pub(super) descriptor: Descriptor,
    pub(super) bank: Tensor,
    pub(super) optimizer: AdamW,
    pub(super) position: Position,
    device: Device,
}

impl Training {
    /// Draws the descriptor and builds the memory bank with it (SPEC 5).
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
        let mut mean = MeanFeatures::default();
        for index in 0..store.len() {
            if observer.interrupted() {
                return Err(TrainError::InterruptedEarly);
            }
            let maps = store.batch(&[index], device)?;
            mean.add(&no_grad(|| descriptor.forward(&maps))?)?;
        }
        let mut rng = random_stream(options.seed, "k-means");
        let bank = compress(&mean.rows()?, options.gamma_c, &mut rng)?;
        let (entries, channels) = bank.size2()?;
        let (entries, channels) = (entries as usize, channels as usize);
        observer.event(&FitEvent::MemoryBank { entries, channels });
        Self::before_the_first_step(settings, descriptor, bank, device)
    }

    /// A descriptor and a memory bank (M×D) that are there already.
    ///
    /// # Errors
    /// Memory runs out.
    pub(crate) fn before_the_first_step(
        settings: &CheckedSettings,
        descriptor: Descriptor,
        bank: Tensor,
        device: Device,
    ) -> Result<Self, TrainError> {
        let options = settings.options();
        let optimizer = AdamW::new(
            &descriptor.parameters(),
            options.learning_rate,
            options.weight_decay,
        )?;
        let position = Position::default();
        Ok(Self::from_parts(
            descriptor, bank, optimizer, position, device,
        ))
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
        checkpoint.into_training(settings, device)
    }

    pub(super) fn from_parts(
        descriptor: Descriptor,
        bank: Tensor,
        optimizer: AdamW,
        position: Position,
        device: Device,
    ) -> Self {
        Self {
            descriptor,
            bank,
            optimizer,
            position,
            device,
        }
    }

    /// The descriptor.
    #[must_use]
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// The memory bank, M×D.
    pub fn bank(&self) -> &Tensor {
        &self.bank
    }

    /// Where it computes.
    #[must_use]
    pub fn device(&self) -> Device {
        self.device
    }

    /// Trains to the last epoch; a checkpoint is written after every epoch and on
    /// interruption. Returns the mean loss of the last epoch.
    ///
    /// # Errors
    /// The loss diverges, a checkpoint cannot be written, or the user interrupts.
    pub fn run(
        &mut self,
        settings: &CheckedSettings,
        store: &mut FeatureStore,
        saving: &Saving<'_>,
        observer: &mut dyn FitObserver,
    ) -> Result<Option<f64>, TrainError> {
        let epochs = settings.options().epochs;
        if self.position != Position::default() {
            let Position { epoch, step, .. } = self.position;
            observer.event(&FitEvent::Resumed {
                epochs: epoch,
                steps: step,
            });
        }
        while self.position.epoch < epochs {
            self.finish_epoch(settings, store, saving, observer)?;
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
        settings: &CheckedSettings,
        store: &mut FeatureStore,
        saving: &Saving<'_>,
        observer: &mut dyn FitObserver,
    ) -> Result<(), TrainError> {
        let options = settings.options();
        let order = shuffled(store.len(), options.seed, self.position.epoch);
        let batches: Vec<_> = order.chunks(options.batch_size).collect();
        while self.position.step < batches.len() {
            if observer.interrupted() {
                Checkpoint::write(self, saving)?;
                return Err(TrainError::Interrupted {
                    checkpoint: saving.path.to_owned(),
                });
            }
            let loss = self.step(settings, store, batches[self.position.step])?;
            observer.event(&FitEvent::Step {
                epoch: self.position.epoch + 1,
                epochs: options.epochs,
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

    fn step(
        &mut self,
        settings: &CheckedSettings,
        store: &mut FeatureStore,
        batch: &[usize],
    ) -> Result<f64, TrainError> {
        let maps = store.batch(batch, self.device)?;
        let phi = rows(&self.descriptor.forward(&maps)?)?;
        let loss = settings.loss().forward(&phi, &self.bank)?.total;
        let value = loss.f_to_kind(Kind::Double)?.f_double_value(&[])?;
        if !value.is_finite() {
            let (epoch, step) = (self.position.epoch + 1, self.position.step + 1);
            return Err(TrainError::Diverged {
                loss: value,
                epoch,
                step,
            });
        }
        loss.f_backward()?;
        self.optimizer.step(&self.descriptor.parameters())?;
        self.position.step += 1;
        self.position.loss_sum += value;
        Ok(value)
    }
}

/// The order of one epoch; depends on nothing but seed and epoch, so that a
/// resumed training sees the same batches.
fn shuffled(pictures: usize, seed: u64, epoch: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..pictures).collect();
    order.shuffle(&mut random_stream(seed, &format!("epoch {epoch}")));
    order
}
