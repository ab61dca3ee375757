//! Training from a folder of good pictures to a bundle.

mod cfa;
mod checkpoint;
mod features;
mod memory;
mod observer;
pub mod optimizer;
mod precision;
mod preset;
mod record;
pub mod seeds;
mod settings;
mod step;

use std::io;
use std::path::{Path, PathBuf};

use cfa_runtime::OnnxRuntime;
use cfa_runtime::bundle::Bundle;
use cfa_runtime::picture::Limits;
use cfa_runtime::preprocess::Preprocessing;
use sha2::{Digest, Sha256};
use tch::Device;

pub use cfa::{Cfa, LearningType, epoch_order};
pub use features::{FeatureExtractor, FeatureStore, PooledMaps};
pub use memory::MemoryPlan;
pub use observer::{FitEvent, FitObserver};
pub use preset::{Preset, UnknownPreset};
pub(crate) use record::finished;
pub use record::{TrainingIdentity, TrainingRecord, trained_on};
pub use settings::{CheckedSettings, FitSettings};

use crate::backbone::Backbone;
use crate::backbone::weights::Weights;
use crate::dataset::{
    DataAccount, Dataset, DatasetError, FileDigests, Fingerprint, GoodNames, GoodSplit,
    check_pictures, fingerprints,
};
use crate::error::TrainError;
use crate::export::{ExportRequest, export, verify_and_write};
use checkpoint::Checkpoint;

/// What to train on, with what, and where to.
#[derive(Debug, Clone)]
pub struct FitRequest {
    /// Folder of pictures: MVTec layout, or good pictures only.
    pub data: PathBuf,
    /// By which names folders of good pictures are recognised there.
    pub good_names: GoodNames,
    /// Pre-trained weights of the backbone.
    pub weights: PathBuf,
    /// The bundle to write.
    pub bundle: PathBuf,
    /// How to train.
    pub settings: FitSettings,
    /// Where libtorch computes.
    pub device: Device,
    /// Which picture files are refused for their size.
    pub picture_limits: Limits,
    /// Leave out pictures that cannot be used instead of stopping.
    pub skip_bad: bool,
    /// Go on from the checkpoint beside the bundle when there is one.
    pub resume: bool,
    /// Replace a file that is in the bundle's place; otherwise it is an error.
    pub overwrite: bool,
    /// Features beyond this many bytes are kept on disk instead of in memory.
    pub feature_memory_bytes: u64,
    /// The process shall not take more than this; a training that would is refused.
    pub memory_limit_bytes: u64,
    /// What the bundle is verified and calibrated with before it is written; without
    /// one it is neither.
    pub runtime: Option<OnnxRuntime>,
    /// Threads of the runtime; `None` takes all cores. Those of libtorch and of rayon belong
    /// to the process.
    pub threads: Option<usize>,
}

/// What a training has produced.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct FitSummary {
    /// The written bundle.
    pub bundle: PathBuf,
    /// Number of training pictures.
    pub pictures: usize,
    /// Mean loss of the last epoch; `None` for a training of zero epochs.
    pub loss: Option<f64>,
    /// Good pictures held out to choose among seeds with.
    #[serde(skip)]
    pub selection: Vec<PathBuf>,
    /// What became of the pictures of the data set; [`FitEvent::Data`] tells it.
    #[serde(skip)]
    pub data: DataAccount,
}

/// Trains a model and writes its bundle.
///
/// # Errors
/// See [`TrainError`]. After [`TrainError::Interrupted`] the same request with
/// `resume` goes on where it stopped and ends with the same numbers: bit for bit on the
/// processor; a GPU adds up in no fixed order.
pub fn fit(request: &FitRequest, observer: &mut dyn FitObserver) -> Result<FitSummary, TrainError> {
    let summary = Job::prepare(request, observer)?.run(observer)?;
    observer.event(&FitEvent::Data(summary.data.clone()));
    Ok(summary)
}

/// A request whose settings, pictures and weights were found to be usable.
pub(crate) struct Job<'a> {
    request: &'a FitRequest,
    settings: CheckedSettings,
    pictures: UsablePictures,
    weights: Weights,
    identity: TrainingIdentity,
    /// For the record.
    trained_on: Vec<String>,
    checkpoint: PathBuf,
}

impl<'a> Job<'a> {
    pub(crate) fn prepare(
        request: &'a FitRequest,
        observer: &mut dyn FitObserver,
    ) -> Result<Self, TrainError> {
        precision::compute_in_f32(request.device);
        let settings = request.settings.check()?;
        check_destination(&request.bundle)?;
        if !request.resume {
            refuse_to_replace(request)?;
        }
        let pictures = usable_pictures(request, settings.preprocessing(), observer)?;
        let weights = fitting_weights(settings.backbone(), &request.weights)?;
        let digests = FileDigests::new(&pictures.split.all())?;
        let identity = TrainingIdentity {
            settings: request.settings.clone(),
            weights_sha256: weights.sha256_hex.clone(),
            pictures_sha256: digests.content(),
        };
        Ok(Self {
            request,
            trained_on: record::listed(&pictures.split.training, &digests),
            settings,
            pictures,
            weights,
            identity,
            checkpoint: checkpoint_path(&request.bundle),
        })
    }

    /// Trains, unless that was done before.
    pub(crate) fn run(&self, observer: &mut dyn FitObserver) -> Result<FitSummary, TrainError> {
        if self.request.resume
            && let Some((bundle, record)) =
                record::of_finished(&self.request.bundle, &self.identity)
        {
            self.complete(bundle, &record, observer)?;
            checkpoint::remove(&self.checkpoint)?;
            return Ok(self.summary(record.final_loss));
        }
        refuse_to_replace(self.request)?;
        let loss = self.train_and_export(observer)?;
        checkpoint::remove(&self.checkpoint)?;
        Ok(self.summary(loss))
    }

    /// A bundle that was written without a runtime is verified and calibrated as soon as
    /// there is one; it holds all that this takes.
    fn complete(
        &self,
        bundle: Bundle,
        record: &TrainingRecord,
        observer: &mut dyn FitObserver,
    ) -> Result<(), TrainError> {
        let calibrated = !bundle.manifest().calibration.good_scores.is_empty();
        if calibrated || self.request.runtime.is_none() {
            observer.event(&FitEvent::AlreadyTrained);
            return Ok(());
        }
        verify_and_write(bundle.into_parts(), &self.export_request(record)?, observer)
    }

    /// Which training it is.
    pub(crate) fn identity(&self) -> &TrainingIdentity {
        &self.identity
    }

    /// What was found, used and left out.
    pub(crate) fn account(&self) -> &DataAccount {
        &self.pictures.account
    }

    /// Good pictures held out to choose among seeds with.
    pub(crate) fn selection(&self) -> &[PathBuf] {
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

    fn train_and_export(&self, observer: &mut dyn FitObserver) -> Result<Option<f64>, TrainError> {
        let (settings, device) = (&self.settings, self.request.device);
        // Before the long work: whether there is a checkpoint, and whether it fits.
        let found = if self.request.resume {
            Checkpoint::find(&self.checkpoint, &self.identity)?
        } else {
            None
        };
        let pictures = &self.pictures.split.training;
        let (count, largest_px) = (pictures.len(), self.pictures.largest_px);
        let plan = MemoryPlan::new(self.request, settings, &self.weights, count, largest_px)?;
        observer.event(&FitEvent::Memory(plan));
        let extractor = FeatureExtractor::new(settings, &self.weights, device)?;
        let mut store = features::extract(
            self.request,
            &plan,
            settings,
            &extractor,
            pictures,
            observer,
        )?;
        let mut training = match found {
            Some(checkpoint) => Cfa::resume(settings, checkpoint, device)?,
            None => Cfa::start(settings, &mut store, device, observer)?,
        };
        let saving = Saving {
            path: &self.checkpoint,
            identity: &self.identity,
        };
        let loss = training.run(&mut store, &saving, observer)?;
        let record = TrainingRecord {
            identity: self.identity.clone(),
            final_loss: loss,
            final_radius: training.radius()?,
            data: self
                .pictures
                .account
                .counts
                .unless_all_are_used_and_distinct(),
            trained_on: self.trained_on.clone(),
        };
        let export_request = self.export_request(&record)?;
        export(&export_request, &extractor, &training, &mut store, observer)?;
        Ok(loss)
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
            checkpoint: &self.checkpoint,
        })
    }
}

/// Where and for which training checkpoints are written.
#[derive(Debug, Clone, Copy)]
pub struct Saving<'a> {
    /// The checkpoint's file.
    pub path: &'a Path,
    /// Whose checkpoint it is.
    pub identity: &'a TrainingIdentity,
}

/// The checkpoint that belongs to a bundle: `NAME.cfa.checkpoint` beside it.
#[must_use]
pub fn checkpoint_path(bundle: &Path) -> PathBuf {
    let mut name = bundle.file_name().unwrap_or_default().to_os_string();
    name.push(".checkpoint");
    bundle.with_file_name(name)
}

/// Finds out before the long work whether the bundle can be written.
///
/// # Errors
/// It is a folder, or its folder does not exist or takes no new file.
pub fn check_destination(bundle: &Path) -> Result<(), TrainError> {
    can_be_written(bundle).map_err(|source| TrainError::File {
        path: bundle.to_owned(),
        action: "cannot write the bundle; --out must name a file in an existing folder",
        source,
    })
}

/// A file in the bundle's place is only replaced when that was asked for.
pub(crate) fn refuse_to_replace(request: &FitRequest) -> Result<(), TrainError> {
    if request.overwrite || !request.bundle.exists() {
        return Ok(());
    }
    Err(TrainError::WouldReplace {
        bundle: request.bundle.clone(),
    })
}

/// Bundles are written beside their place first.
pub(crate) fn can_be_written(bundle: &Path) -> io::Result<()> {
    if bundle.is_dir() || bundle.file_name().is_none() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    tempfile::tempfile_in(folder_of(bundle))?;
    Ok(())
}

fn folder_of(bundle: &Path) -> &Path {
    let folder = bundle.parent().filter(|path| !path.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// The pictures of a training.
struct UsablePictures {
    split: GoodSplit,
    /// Pixels of the largest picture.
    largest_px: u64,
    account: DataAccount,
}

fn usable_pictures(
    request: &FitRequest,
    preprocessing: &Preprocessing,
    observer: &mut dyn FitObserver,
) -> Result<UsablePictures, TrainError> {
    let dataset = Dataset::discover_with(&request.data, &request.good_names)?;
    observer.event(&FitEvent::Checking {
        pictures: dataset.train_good.len(),
    });
    let found = &dataset.train_good;
    let go_on = &mut || !observer.interrupted();
    let (limits, skip_bad) = (request.picture_limits, request.skip_bad);
    let checked = match check_pictures(found, preprocessing, limits, skip_bad, go_on) {
        Err(DatasetError::Interrupted) => return Err(TrainError::InterruptedEarly),
        other => other?,
    };
    for picture in &checked.bad {
        observer.event(&FitEvent::Skipped {
            reason: picture.to_string(),
        });
    }
    for finding in checked.depths.findings(preprocessing.parts().white_level) {
        observer.event(&FitEvent::Depth(finding));
    }
    let settings = &request.settings;
    let copies = checked.copies(request.settings.count_similar);
    let split = GoodSplit::apart(
        &checked.good,
        &copies,
        settings.calibration_split,
        settings.selection_split,
    );
    observer.event(&FitEvent::HeldOut {
        training: split.training.len(),
        calibration: split.calibration.len(),
        selection: split.selection.len(),
    });
    let limits = request.picture_limits;
    let test = test_fingerprints(&dataset, preprocessing, limits, observer)?;
    Ok(UsablePictures {
        account: DataAccount::of_training(&dataset, &checked, &copies, &split, &test),
        largest_px: checked.largest_px,
        split,
    })
}

/// Test pictures are looked at for one thing: whether some of them are trained on.
fn test_fingerprints(
    dataset: &Dataset,
    preprocessing: &Preprocessing,
    limits: Limits,
    observer: &mut dyn FitObserver,
) -> Result<Vec<(usize, Fingerprint)>, TrainError> {
    let paths: Vec<PathBuf> = dataset
        .test
        .iter()
        .map(|picture| picture.path.clone())
        .collect();
    let go_on = &mut || !observer.interrupted();
    match fingerprints(&paths, preprocessing, limits, go_on) {
        Err(DatasetError::Interrupted) => Err(TrainError::InterruptedEarly),
        other => Ok(other?),
    }
}

/// Reads the weights, makes sure that they belong to `backbone`, and brings them
/// under the names of its graph.
///
/// # Errors
/// The file cannot be read, or belongs to another network.
pub fn fitting_weights(backbone: Backbone, path: &Path) -> Result<Weights, TrainError> {
    let weights = Weights::read(path)?;
    let tensors = backbone.fit_parameters(path, weights.tensors)?;
    Ok(Weights { tensors, ..weights })
}

/// A random stream of its own for each purpose, so that adding one draw somewhere
/// does not change the others.
pub(crate) fn random_stream(seed: u64, purpose: &str) -> rand_chacha::ChaCha8Rng {
    use rand::SeedableRng;
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(purpose.as_bytes());
    rand_chacha::ChaCha8Rng::from_seed(hash.finalize().into())
}
