//! Models that were trained with anomalib, as bundles.
//!
//! A checkpoint is a Python pickle. It is read without running anything in it: what is
//! no tensor becomes a placeholder that can be looked at (see [`crate::backbone::weights`]).
//!
//! What "the same scores" means: the same input tensor gives the same raw map, and a
//! picture file gives the map that anomalib's training and validation transform leads
//! to, with the antialiased resize. The resize inside anomalib's exported graphs and in
//! the forward pass of its Lightning module is another one, without antialiasing
//! (METHOD.md, difference 14), so those differ from anomalib's own validation, and from this.
//! Where anomalib takes the root of a negative squared distance it gets NaN; here the
//! distance is 0 (METHOD.md, difference 6).

mod error;
mod parameters;
mod release;
mod sensitivity;
mod source;
mod thresholds;
mod transform;

use std::path::PathBuf;

use cfa_runtime::bundle::HeatmapRange;
use cfa_runtime::calibration::{Basis, DecisionRule};
use cfa_runtime::picture::{Limits, OrientationRule, Picture};
use cfa_runtime::preprocess::{Preprocessing, Size};
use cfa_runtime::{Cancellation, OnnxRuntime};
use serde::Serialize;
use tch::Device;

pub use error::{ImportError, ImportProblem};
pub use release::Release;
pub use thresholds::Thresholds;

use crate::backbone::Backbone;
use crate::backbone::weights::{Document, Node, read_capped};
use crate::calibration::CalibrateError;
use crate::cfa::descriptor::{Descriptor, Pooling};
use crate::cfa::model::CfaModel;
use crate::dataset::{Dataset, check_pictures};
use crate::destination::check_destination;
use crate::error::TrainError;
use crate::events::{FitEvent, FitObserver};
use crate::export::{ExportRequest, drawing, export};
use crate::tensor;
use crate::training::{CheckedSettings, FeatureExtractor, FeatureStore, FitSettings};
use parameters::Parameters;
use source::Source;
use transform::Recipe;

/// K where the checkpoint is silent; 0.x never uses another.
const DEFAULT_NEIGHBORS: usize = 3;

/// Good pictures that set the heat map's colours.
const RANGE_PICTURES: usize = 16;

/// What to import and where to.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    /// Lightning's `.ckpt`, or the `model.pt` of anomalib's export.
    pub checkpoint: PathBuf,
    /// The bundle to write.
    pub bundle: PathBuf,
    /// Good pictures for the golden samples and the heat map; without them, a drawing.
    pub data: Option<PathBuf>,
    /// Which of these picture files are refused for their size.
    pub picture_limits: Limits,
    /// Leave out pictures that cannot be used instead of stopping.
    pub skip_bad: bool,
    /// What the user knows better than the file.
    pub overrides: ImportOverrides,
    /// What the bundle is verified with before it is written; without one it is not.
    pub runtime: Option<OnnxRuntime>,
}

/// Answers that take the place of what the checkpoint says or does not say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImportOverrides {
    /// Whether features were pooled.
    pub pooling: Option<Pooling>,
    /// The backbone.
    pub backbone: Option<Backbone>,
    /// Pictures are resized to this; the checkpoint's own pre-processing is put aside.
    pub image_size: Option<Size>,
    /// Then this is cut from the centre; the inner `None` cuts nothing.
    pub center_crop: Option<Option<Size>>,
    /// K.
    pub neighbors: Option<usize>,
    /// Whether pictures are turned as their files ask.
    pub orientation: Option<OrientationRule>,
}

/// What was found and written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImportSummary {
    /// The written bundle.
    pub bundle: PathBuf,
    /// What goes into the bundle's record.
    #[serde(flatten)]
    pub record: ImportRecord,
    /// What a user should know, as sentences.
    pub notes: Vec<String>,
}

/// Where an imported model comes from; the bundle keeps it under `training.imported`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImportRecord {
    /// The program.
    pub from: &'static str,
    /// Its release, as far as it can be told.
    pub release: Release,
    /// Name of the checkpoint.
    pub file: String,
    /// Its SHA-256.
    pub sha256: String,
    /// Backbone by its torchvision name.
    pub backbone: &'static str,
    /// Whether the second and third feature map are pooled.
    pub features: Pooling,
    /// Whether pictures are turned as their files ask.
    pub orientation: OrientationRule,
    /// Pictures are resized to this.
    pub image_size: Size,
    /// Then this is cut from the centre.
    pub center_crop: Option<Size>,
    /// Bank divisor.
    pub gamma_c: usize,
    /// Channel divisor.
    pub gamma_d: usize,
    /// K.
    pub neighbors: usize,
    /// Entries of the memory bank.
    pub centroids: usize,
    /// What anomalib learned on its validation pictures; raw values.
    pub thresholds: Thresholds,
}

/// Reads a checkpoint of anomalib and writes its model as a bundle.
///
/// # Errors
/// Names the checkpoint, what is wrong with it, and which option helps.
pub fn import(
    request: &ImportRequest,
    observer: &mut dyn FitObserver,
    cancellation: &Cancellation,
) -> Result<ImportSummary, ImportError> {
    let at = |problem| ImportError::at(&request.checkpoint, problem);
    check_destination(&request.bundle).map_err(|error| at(TrainError::from(error).into()))?;
    let model = Imported::read(request).map_err(at)?;
    model
        .write(request, observer, cancellation)
        .map_err(|error| at(error.into()))?;
    Ok(ImportSummary {
        bundle: request.bundle.clone(),
        record: model.record,
        notes: model.notes,
    })
}

/// A model as it came out of a checkpoint.
struct Imported {
    settings: CheckedSettings,
    parameters: Parameters,
    record: ImportRecord,
    notes: Vec<String>,
}

impl Imported {
    fn read(request: &ImportRequest) -> Result<Self, ImportProblem> {
        let (path, overrides) = (&request.checkpoint, &request.overrides);
        let bytes = read_capped(path)?;
        let document = Document::open(&bytes)?;
        let source = Source::find(&document)?;
        let release = Release::recognised(&source);
        let pooling = overrides.pooling.or_else(|| release.pooling());
        let pooling = pooling.ok_or_else(|| ImportProblem::UnknownFeatures {
            release: release.describe(),
        })?;
        let parameters = Parameters::read(&source, overrides.backbone, path, &bytes)?;
        let mut notes = Vec::new();
        let recipe = recipe(&source, release, overrides, &mut notes)?;
        let settings = settings(&source, release, overrides, &parameters, &recipe)?;
        fits_the_bank(&settings, &parameters)?;
        let settings = settings.trained_with(pooling, recipe.mean, recipe.std)?;
        let options = settings.options();
        let thresholds = Thresholds::stored_in(&source);
        notes.extend(thresholds.notes());
        let record = ImportRecord {
            from: "anomalib",
            release,
            file: parameters.weights.file_name.clone(),
            sha256: parameters.weights.sha256_hex.clone(),
            backbone: parameters.backbone.name(),
            features: pooling,
            orientation: options.orientation,
            image_size: recipe.resize,
            center_crop: recipe.center_crop,
            gamma_c: options.gamma_c,
            gamma_d: parameters.gamma_d,
            neighbors: options.neighbors,
            centroids: parameters.rows,
            thresholds,
        };
        Ok(Self {
            settings,
            parameters,
            record,
            notes,
        })
    }

    fn write(
        &self,
        request: &ImportRequest,
        observer: &mut dyn FitObserver,
        cancellation: &Cancellation,
    ) -> Result<(), TrainError> {
        let (settings, parameters) = (&self.settings, &self.parameters);
        let limits = request.picture_limits;
        let pictures = good_pictures(request, settings.preprocessing(), observer, cancellation)?;
        let extractor = FeatureExtractor::new(settings, &parameters.weights, Device::Cpu)?;
        let mut store = stored_features(settings, &extractor, &pictures, limits)?;
        let model = self.model()?;
        export(
            &ExportRequest {
                settings,
                record: serde_json::json!({ "imported": self.record }),
                weights: &parameters.weights,
                pictures: &pictures,
                held_out: &[],
                picture_limits: limits,
                rule: self.rule()?,
                heatmap_range: self.validated_range().filter(|_range| pictures.is_empty()),
                runtime: request.runtime.as_ref(),
                threads: None,
                bundle: &request.bundle,
            },
            &extractor,
            &model,
            &mut store,
            observer,
            cancellation,
        )
    }

    fn model(&self) -> Result<CfaModel, TrainError> {
        let (settings, parameters) = (&self.settings, &self.parameters);
        let descriptor = Descriptor::from_values(
            parameters.descriptor,
            &parameters.descriptor_weight,
            &parameters.descriptor_bias,
            Device::Cpu,
        )?;
        let shape = [parameters.rows, parameters.descriptor.outputs];
        let bank = tensor::from_values(&parameters.bank, &shape)?;
        let model = CfaModel::new(
            descriptor,
            settings.map_generator(),
            settings.feature_size(),
        );
        Ok(model.with_memory_bank(bank))
    }

    /// anomalib's own threshold, moved by its sensitivity; it is exceeded, as here, by what is
    /// to be rejected.
    fn rule(&self) -> Result<Option<DecisionRule>, TrainError> {
        let threshold = self.record.thresholds.image_reject_above;
        let rule = threshold.map(|threshold| DecisionRule::single(Basis::Imported, threshold));
        Ok(rule.transpose().map_err(CalibrateError::from)?)
    }

    /// Colours from the values that anomalib saw in validation.
    fn validated_range(&self) -> Option<HeatmapRange> {
        let seen = self.record.thresholds;
        let (low, high) = (seen.pixel_min?, seen.pixel_max?);
        (low < high).then_some(HeatmapRange { low, high })
    }
}

/// The options' pre-processing, else the checkpoint's, else its release's default.
fn recipe(
    source: &Source<'_>,
    release: Release,
    overrides: &ImportOverrides,
    notes: &mut Vec<String>,
) -> Result<Recipe, ImportProblem> {
    if let Some(size) = overrides.image_size {
        notes.push(
            "with an image size of your own nothing of the checkpoint's own pre-processing is used: \
             ImageNet's normalisation, and your centre crop"
                .to_owned(),
        );
        return Ok(Recipe::plain(size, overrides.center_crop.flatten()));
    }
    let found = match Recipe::stored_in(source)? {
        Some(found) => found,
        None => default_recipe(release, notes)?,
    };
    if release == Release::V0 {
        notes.push(
            "anomalib 0.x resized without antialiasing: scores agree for pictures of the network's input size, \
             larger ones score a little differently"
                .to_owned(),
        );
    }
    Ok(Recipe {
        center_crop: overrides.center_crop.unwrap_or(found.center_crop),
        ..found
    })
}

fn default_recipe(release: Release, notes: &mut Vec<String>) -> Result<Recipe, ImportProblem> {
    let default = Recipe::default_of(release).ok_or_else(|| ImportProblem::Preprocessing {
        step: "the checkpoint does not tell the size of its pictures".to_owned(),
    })?;
    notes.push(format!(
        "the checkpoint does not tell the size of its pictures; {}'s default of 256×256 is taken \
         (--image-size gives another)",
        release.describe()
    ));
    Ok(default)
}

fn settings(
    source: &Source<'_>,
    release: Release,
    overrides: &ImportOverrides,
    parameters: &Parameters,
    recipe: &Recipe,
) -> Result<CheckedSettings, ImportProblem> {
    let number = |name| source.setting(name).and_then(Node::size);
    // 0.x reads it from its configuration and does not use it.
    let neighbors = number("num_nearest_neighbors").filter(|_k| release != Release::V0);
    let mut settings = FitSettings {
        backbone: parameters.backbone.name().to_owned(),
        orientation: overrides.orientation.unwrap_or(release.orientation()),
        image_size: recipe.resize,
        center_crop: recipe.center_crop,
        gamma_d: parameters.gamma_d,
        neighbors: overrides
            .neighbors
            .or(neighbors)
            .unwrap_or(DEFAULT_NEIGHBORS),
        // Plays no part in scores; the smallest is the easiest to satisfy.
        hard_negatives: 0,
        ..FitSettings::default()
    };
    let positions = settings.check()?.feature_size();
    let derived = positions.height * positions.width / parameters.rows;
    settings.gamma_c = number("gamma_c").unwrap_or(derived).max(1);
    Ok(settings.check()?)
}

/// A bank of another size than the pictures' means that they had another size. The bank
/// of anomalib 2.x is made before the crop (METHOD.md, difference 8), so that size counts as well.
fn fits_the_bank(settings: &CheckedSettings, parameters: &Parameters) -> Result<(), ImportProblem> {
    let uncropped = FitSettings {
        center_crop: None,
        ..settings.options().clone()
    };
    let expected = settings.bank_entries();
    if [expected, uncropped.check()?.bank_entries()].contains(&parameters.rows) {
        return Ok(());
    }
    let (input, positions) = (
        settings.preprocessing().input_size(),
        settings.feature_size(),
    );
    Err(ImportProblem::ForeignSize {
        rows: parameters.rows,
        height: input.height,
        width: input.width,
        positions: positions.height * positions.width,
        gamma_c: settings.options().gamma_c,
        expected,
    })
}

fn good_pictures(
    request: &ImportRequest,
    preprocessing: &Preprocessing,
    observer: &mut dyn FitObserver,
    cancellation: &Cancellation,
) -> Result<Vec<PathBuf>, TrainError> {
    let Some(data) = &request.data else {
        return Ok(Vec::new());
    };
    let dataset = Dataset::discover(data)?;
    let found = &dataset.train_good;
    let (limits, skip_bad) = (request.picture_limits, request.skip_bad);
    let checked = check_pictures(found, preprocessing, limits, skip_bad, cancellation)?;
    for picture in &checked.bad {
        observer.event(&FitEvent::Skipped {
            reason: picture.to_string(),
        });
    }
    Ok(checked.good)
}

/// Features for the heat map's colours.
fn stored_features(
    settings: &CheckedSettings,
    extractor: &FeatureExtractor,
    pictures: &[PathBuf],
    limits: Limits,
) -> Result<FeatureStore, TrainError> {
    let mut store = FeatureStore::in_memory(settings)?;
    let reading = settings.preprocessing().reading(limits);
    for path in pictures.iter().take(RANGE_PICTURES) {
        let picture = Picture::open(path, &reading)?;
        store.push(&extractor.pooled_of_pictures(&[picture])?)?;
    }
    if store.is_empty() {
        let Size { height, width } = settings.options().image_size;
        let (width, height) = (width as u32, height as u32);
        let drawn = Picture::from_rgb8(width, height, drawing(width, height).into_raw())?;
        store.push(&extractor.pooled_of_pictures(&[drawn])?)?;
    }
    Ok(store)
}
