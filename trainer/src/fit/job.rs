//! The steps from a request to a bundle.

use std::path::PathBuf;

use cfa_runtime::Cancellation;
use cfa_runtime::bundle::Bundle;

use super::pictures::UsablePictures;
use super::request::{FitRequest, FitSummary};
use crate::backbone::weights::Weights;
use crate::dataset::{DataAccount, FileDigests};
use crate::destination::{check_destination, folder_of};
use crate::error::TrainError;
use crate::events::{FitEvent, FitObserver, MemoryPlan};
use crate::export::{ExportRequest, export, verify_and_write};
use crate::training::{
    Cfa, CheckedSettings, Checkpoint, FeatureExtractor, FeatureStore, MemoryLimits, Saving,
    TrainingIdentity, TrainingRecord, checkpoint_path, compute_in_f32, extract, finished_by,
    fitting_weights, listed, memory_plan, remove_checkpoint,
};

/// A request whose settings, pictures and weights were found to be usable.
pub(super) struct Job<'a> {
    request: &'a FitRequest,
    settings: CheckedSettings,
    pictures: UsablePictures,
    weights: Weights,
    identity: TrainingIdentity,
    /// The pictures that are trained on, for the record.
    trained_on: Vec<String>,
    checkpoint: PathBuf,
}

impl<'a> Job<'a> {
    pub(super) fn prepare(
        request: &'a FitRequest,
        observer: &mut dyn FitObserver,
        cancellation: &Cancellation,
    ) -> Result<Self, TrainError> {
        compute_in_f32(request.device);
        let settings = request.settings.check()?;
        check_destination(&request.bundle)?;
        if !request.resume {
            request.refuse_to_replace()?;
        }
        let preprocessing = settings.preprocessing();
        let pictures = UsablePictures::find(request, preprocessing, observer, cancellation)?;
        let weights = fitting_weights(settings.backbone(), &request.weights)?;
        let digests = FileDigests::new(&pictures.split.all())?;
        let identity = TrainingIdentity {
            settings: request.settings.clone(),
            weights_sha256: weights.sha256_hex.clone(),
            pictures_sha256: digests.content(),
        };
        Ok(Self {
            request,
            trained_on: listed(&pictures.split.training, &digests)?,
            settings,
            pictures,
            weights,
            identity,
            checkpoint: checkpoint_path(&request.bundle),
        })
    }

    /// Trains, unless that was done before.
    pub(super) fn run(
        &self,
        observer: &mut dyn FitObserver,
        cancellation: &Cancellation,
    ) -> Result<FitSummary, TrainError> {
        if self.request.resume
            && let Some((bundle, record)) = finished_by(&self.request.bundle, &self.identity)
        {
            self.complete(bundle, &record, observer, cancellation)?;
            remove_checkpoint(&self.checkpoint)?;
            return Ok(self.summary(record.final_loss));
        }
        self.request.refuse_to_replace()?;
        let loss = self.train_and_export(observer, cancellation)?;
        remove_checkpoint(&self.checkpoint)?;
        Ok(self.summary(loss))
    }

    /// A bundle that was written without a runtime is verified and calibrated as soon as
    /// there is one; it holds all that this takes.
    fn complete(
        &self,
        bundle: Bundle,
        record: &TrainingRecord,
        observer: &mut dyn FitObserver,
        cancellation: &Cancellation,
    ) -> Result<(), TrainError> {
        let calibrated = !bundle.manifest().calibration.good_scores.is_empty();
        if calibrated || self.request.runtime.is_none() {
            observer.event(&FitEvent::AlreadyTrained);
            return Ok(());
        }
        let (parts, request) = (bundle.into_parts(), self.export_request(record)?);
        verify_and_write(parts, &request, observer, cancellation)
            .map_err(|error| error.resumable_from(&self.checkpoint))
    }

    /// The identity of the training.
    pub(super) fn identity(&self) -> &TrainingIdentity {
        &self.identity
    }

    /// What was found, used and left out.
    pub(super) fn account(&self) -> &DataAccount {
        &self.pictures.account
    }

    /// Good pictures held out to choose among seeds with.
    pub(super) fn selection(&self) -> &[PathBuf] {
        &self.pictures.split.selection
    }

    fn summary(&self, loss: Option<f64>) -> FitSummary {
        FitSummary {
            bundle: self.request.bundle.clone(),
            pictures: self.pictures.split.training.len(),
            loss,
            selection: self.pictures.split.selection.clone(),
            data: self.pictures.account.clone(),
        }
    }

    fn train_and_export(
        &self,
        observer: &mut dyn FitObserver,
        cancellation: &Cancellation,
    ) -> Result<Option<f64>, TrainError> {
        // Before the long work: whether there is a checkpoint, and whether it fits.
        let found = if self.request.resume {
            Checkpoint::find(&self.checkpoint, &self.identity)?
        } else {
            None
        };
        let (settings, device) = (&self.settings, self.request.device);
        let plan = self.memory_plan()?;
        observer.event(&FitEvent::Memory(plan));
        let extractor = FeatureExtractor::new(settings, &self.weights, device)?;
        let mut store = self.features(plan.on_disk, &extractor, observer, cancellation)?;
        let mut training = match found {
            Some(checkpoint) => Cfa::resume(settings, &checkpoint, device)?,
            None => Cfa::start(settings, &mut store, device, observer, cancellation)?,
        };
        let saving = Saving {
            path: &self.checkpoint,
            identity: &self.identity,
        };
        let loss = training.run(&mut store, &saving, observer, cancellation)?;
        let request = self.export_request(&self.record(loss, training.radius()?))?;
        let model = training.model();
        export(
            &request,
            &extractor,
            model,
            &mut store,
            observer,
            cancellation,
        )
        .map_err(|error| error.resumable_from(&self.checkpoint))?;
        Ok(loss)
    }

    fn memory_plan(&self) -> Result<MemoryPlan, TrainError> {
        let limits = MemoryLimits {
            features: self.request.feature_memory_bytes,
            process: self.request.memory_limit_bytes,
        };
        let (count, largest_px) = (self.pictures.split.training.len(), self.pictures.largest_px);
        memory_plan(limits, &self.settings, &self.weights, count, largest_px)
    }

    /// The features of the training pictures.
    fn features(
        &self,
        on_disk: bool,
        extractor: &FeatureExtractor,
        observer: &mut dyn FitObserver,
        cancellation: &Cancellation,
    ) -> Result<FeatureStore, TrainError> {
        let (settings, pictures) = (&self.settings, &self.pictures.split.training);
        let folder = folder_of(&self.request.bundle);
        let mut store = FeatureStore::new(settings.map_shapes(), on_disk, folder)?;
        let pictures = (pictures.as_slice(), self.request.picture_limits);
        extract(
            &mut store,
            settings,
            extractor,
            pictures,
            observer,
            cancellation,
        )?;
        Ok(store)
    }

    fn record(&self, final_loss: Option<f64>, final_radius: f64) -> TrainingRecord {
        let counts = &self.pictures.account.counts;
        TrainingRecord {
            identity: self.identity.clone(),
            final_loss,
            final_radius,
            data: counts.unless_all_are_used_and_distinct(),
            trained_on: self.trained_on.clone(),
        }
    }

    fn export_request(&self, record: &TrainingRecord) -> Result<ExportRequest<'_>, TrainError> {
        Ok(ExportRequest {
            settings: &self.settings,
            record: serde_json::to_value(record).map_err(TrainError::Record)?,
            weights: &self.weights,
            pictures: &self.pictures.split.training,
            held_out: &self.pictures.split.calibration,
            picture_limits: self.request.picture_limits,
            rule: None,
            heatmap_range: None,
            runtime: self.request.runtime.as_ref(),
            threads: self.request.threads,
            bundle: &self.request.bundle,
        })
    }
}
