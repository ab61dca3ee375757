//! `cfa-train import`.

use std::path::PathBuf;

use anyhow::Result;
use cfa_runtime::OnnxRuntime;
use cfa_runtime::picture::OrientationRule;
use cfa_runtime::preprocess::Size;
use cfa_train::backbone::Backbone;
use cfa_train::cfa::descriptor::Pooling;
use cfa_train::import::{ImportOverrides, ImportRequest, ImportSummary, import};
use clap::{Args, ValueEnum};

use crate::export::refuse_own_input;
use crate::fit::{Crop, parse_crop, parse_size};
use crate::limits::LimitArguments;
use crate::onnxruntime::OnnxRuntimeArgument;
use crate::progress::{Progress, print_json};

#[derive(Args)]
pub(crate) struct ImportArguments {
    /// anomalib's checkpoint: Lightning's .ckpt, or model.pt of `anomalib export --export_type torch`
    checkpoint: PathBuf,
    /// The bundle to write
    #[arg(long)]
    out: PathBuf,
    /// Good pictures, for the bundle's self-test, the colours of its heat maps, and a
    /// search that is quick on such pictures
    #[arg(long)]
    data: Option<PathBuf>,
    /// Leave out broken pictures of --data instead of stopping
    #[arg(long, requires = "data")]
    skip_bad: bool,
    /// Whether the model was trained on pooled features (asked for where the file does not tell)
    #[arg(long)]
    features: Option<Features>,
    /// The backbone, where the file does not tell
    #[arg(long)]
    backbone: Option<Backbone>,
    /// Resize pictures to this instead: `SIDE` or `HEIGHTxWIDTH`, pixels
    #[arg(long, value_parser = parse_size)]
    image_size: Option<Size>,
    /// Then cut this from the centre: `SIDE`, `HEIGHTxWIDTH`, or `none`
    #[arg(long, value_parser = parse_crop)]
    center_crop: Option<Crop>,
    /// K: nearest bank entries that the score looks at
    #[arg(long)]
    neighbors: Option<usize>,
    /// exif: pictures are turned as their files ask; stored: they stay as they are stored
    /// [default: as the release of anomalib read them: exif for 0.x, else stored]
    #[arg(long, value_name = "RULE")]
    orientation: Option<OrientationRule>,
    /// What was found as one JSON object instead of text
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    onnxruntime: OnnxRuntimeArgument,
    #[command(flatten)]
    limits: LimitArguments,
}

/// Releases of anomalib differ here (see `docs/FROM_ANOMALIB.md`).
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Features {
    /// 0.x, and 2.3.2 and newer
    Pooled,
    /// 1.0.0 to 2.3.1
    Raw,
}

impl From<Features> for Pooling {
    fn from(features: Features) -> Self {
        match features {
            Features::Pooled => Self::Pooled,
            Features::Raw => Self::Raw,
        }
    }
}

pub(crate) fn run(arguments: &ImportArguments) -> Result<()> {
    let mut progress = Progress::without_handler(arguments.json);
    refuse_own_input(&arguments.checkpoint, &arguments.out)?;
    let runtime = arguments.onnxruntime.load();
    if let Err(error) = &runtime {
        progress.say(&format!("the bundle will not be verified: {error:#}"));
    }
    let cancellation = progress.cancellation();
    let summary = import(
        &arguments.request(runtime.ok()),
        &mut progress,
        &cancellation,
    )?;
    if arguments.json {
        print_json(&summary);
    } else {
        describe(&summary, &progress);
    }
    Ok(())
}

impl ImportArguments {
    fn request(&self, runtime: Option<OnnxRuntime>) -> ImportRequest {
        ImportRequest {
            checkpoint: self.checkpoint.clone(),
            bundle: self.out.clone(),
            data: self.data.clone(),
            skip_bad: self.skip_bad,
            overrides: ImportOverrides {
                pooling: self.features.map(Pooling::from),
                backbone: self.backbone,
                image_size: self.image_size,
                center_crop: self.center_crop.map(|crop| crop.0),
                neighbors: self.neighbors,
                orientation: self.orientation,
            },
            picture_limits: self.limits.limits(),
            runtime,
        }
    }
}

fn describe(summary: &ImportSummary, progress: &Progress) {
    let record = &summary.record;
    let size = |size: Size| format!("{}x{}", size.height, size.width);
    let crop = record.center_crop.map_or("none".to_owned(), size);
    let release = record.release.describe();
    progress.say(&format!("written by {release}, {:?} features", record.features).to_lowercase());
    progress.say(&format!(
        "{}: orientation {}, image size {}, center crop {crop}, gamma_c {}, gamma_d {}, {} neighbours, {} bank entries",
        record.backbone,
        record.orientation.name(),
        size(record.image_size),
        record.gamma_c,
        record.gamma_d,
        record.neighbors,
        record.centroids
    ));
    let seen = record.thresholds;
    let figure = |value: Option<f32>| value.map_or("none".to_owned(), |v| v.to_string());
    for (level, threshold, low, high) in [
        (
            "image",
            seen.image_threshold,
            seen.image_min,
            seen.image_max,
        ),
        (
            "pixel",
            seen.pixel_threshold,
            seen.pixel_min,
            seen.pixel_max,
        ),
    ] {
        progress.say(&format!(
            "anomalib's {level} threshold {} (raw), seen in validation: {} to {}",
            figure(threshold),
            figure(low),
            figure(high)
        ));
    }
    for note in &summary.notes {
        progress.say(&format!("note: {note}"));
    }
}
