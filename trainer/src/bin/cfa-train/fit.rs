//! `cfa-train fit`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use cfa_runtime::inspector::{Inspector, InspectorOptions};
use cfa_runtime::preprocess::Size;
use cfa_train::backbone::{Backbone, TapActivation};
use cfa_train::fit::{FitRequest, FitSettings, FitSummary, fit};
use clap::Args;

use crate::device::DeviceChoice;
use crate::onnxruntime::OnnxRuntimeArgument;
use crate::progress::{Progress, print_json};
use crate::weights::WeightsArguments;

const BYTES_PER_MIB: u64 = 1 << 20;

#[derive(Args)]
pub(crate) struct FitArguments {
    /// Folder of pictures: MVTec layout (train/good, test/…), or good pictures only
    #[arg(long)]
    data: PathBuf,
    /// Frozen network that the features come from
    #[arg(long, default_value_t = Backbone::WideResnet50)]
    backbone: Backbone,
    /// Of the tapped maps: `relu` (as in torchvision and anomalib) or `leaky-relu`
    /// (slope 0.01 on the maps before their ReLU, as in the official code)
    #[arg(long, default_value_t = TapActivation::Relu)]
    tap_activation: TapActivation,
    #[command(flatten)]
    weights: WeightsArguments,
    /// The bundle to write
    #[arg(long)]
    out: PathBuf,
    /// Pictures are resized to this: `SIDE` or `HEIGHTxWIDTH`, pixels
    #[arg(long, default_value = "256", value_parser = parse_size)]
    image_size: Size,
    /// Then this is cut from the centre: `SIDE`, `HEIGHTxWIDTH`, or `none`
    #[arg(long, default_value = "224", value_parser = parse_crop)]
    center_crop: Crop,
    /// Passes over the training pictures
    #[arg(long, default_value_t = 30)]
    epochs: usize,
    /// Pictures per step
    #[arg(long, default_value_t = 4)]
    batch_size: usize,
    /// Learning rate
    #[arg(long, default_value_t = 1e-3)]
    lr: f64,
    /// Decoupled weight decay
    #[arg(long, default_value_t = 5e-4)]
    weight_decay: f64,
    /// Memory bank divisor: one entry for so many positions
    #[arg(long, default_value_t = 1)]
    gamma_c: usize,
    /// Channel divisor of the descriptor
    #[arg(long, default_value_t = 1)]
    gamma_d: usize,
    /// K: nearest bank entries that attract, and that the score looks at
    #[arg(long, default_value_t = 3)]
    neighbors: usize,
    /// J: entries behind them that repel (no effect while radius² ≤ 0.1)
    #[arg(long, default_value_t = 3)]
    hard_negatives: usize,
    /// Radius of the hyperspheres
    #[arg(long, default_value_t = 1e-5)]
    radius: f64,
    /// Seed of everything that is drawn at random
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// auto, cpu or cuda:N
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
    /// Threads of libtorch; default: all cores
    #[arg(long)]
    threads: Option<std::num::NonZeroU16>,
    /// Features beyond this many MiB go to disk
    #[arg(long, default_value_t = 4096, value_name = "MIB")]
    feature_memory: u64,
    /// Leave out broken or tiny pictures instead of stopping
    #[arg(long)]
    skip_bad: bool,
    /// Go on from the checkpoint of an interrupted run
    #[arg(long)]
    resume: bool,
    /// One JSON object a line instead of bars
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    onnxruntime: OnnxRuntimeArgument,
}

/// A centre crop that may be switched off.
#[derive(Debug, Clone, Copy)]
struct Crop(Option<Size>);

fn parse_size(text: &str) -> Result<Size, String> {
    let side = |text: &str| {
        text.trim()
            .parse::<usize>()
            .map_err(|e| format!("'{text}': {e}"))
    };
    match text.split_once(['x', 'X', '×']) {
        Some((height, width)) => Ok(Size {
            height: side(height)?,
            width: side(width)?,
        }),
        None => side(text).map(|side| Size {
            height: side,
            width: side,
        }),
    }
}

fn parse_crop(text: &str) -> Result<Crop, String> {
    if text == "none" {
        Ok(Crop(None))
    } else {
        parse_size(text).map(|size| Crop(Some(size)))
    }
}

pub(crate) fn run(arguments: &FitArguments) -> Result<()> {
    let weights = arguments
        .weights
        .fetch(arguments.backbone, arguments.json)?;
    let mut progress = Progress::new(arguments.json).context("cannot listen for Ctrl-C")?;
    if let Some(threads) = arguments.threads {
        tch::set_num_threads(i32::from(threads.get() as i16));
    }
    let (device, description) = arguments.device.resolve()?;
    progress.say(&format!("device: {description}"));
    let summary = fit(&arguments.request(weights, device), &mut progress)?;
    arguments.verify(&summary, &progress)?;
    if arguments.json {
        print_json(&summary);
    }
    Ok(())
}

impl FitArguments {
    fn request(&self, weights: PathBuf, device: tch::Device) -> FitRequest {
        FitRequest {
            data: self.data.clone(),
            weights,
            bundle: self.out.clone(),
            settings: FitSettings {
                backbone: self.backbone.name().to_owned(),
                tap_activation: self.tap_activation,
                image_size: self.image_size,
                center_crop: self.center_crop.0,
                epochs: self.epochs,
                batch_size: self.batch_size,
                learning_rate: self.lr,
                weight_decay: self.weight_decay,
                gamma_c: self.gamma_c,
                gamma_d: self.gamma_d,
                neighbors: self.neighbors,
                hard_negatives: self.hard_negatives,
                radius: self.radius,
                seed: self.seed,
            },
            device,
            skip_bad: self.skip_bad,
            resume: self.resume,
            feature_memory_bytes: self.feature_memory.saturating_mul(BYTES_PER_MIB),
        }
    }

    /// Replays the golden samples, so that a model that would score differently
    /// when deployed is noticed here and now.
    fn verify(&self, summary: &FitSummary, progress: &Progress) -> Result<()> {
        let library = match self.onnxruntime.load() {
            Ok(library) => library,
            Err(error) => {
                progress.say(&format!(
                    "not verified: {error:#}; run `cfa-run verify` where it is used"
                ));
                return Ok(());
            }
        };
        let mut inspector =
            Inspector::open(&summary.bundle, &library, &InspectorOptions::default())?;
        let report = cfa_runtime::verify::replay(&mut inspector)?;
        anyhow::ensure!(
            report.ok(),
            "{}: the exported network does not reproduce libtorch's maps: {report:?}; please report this",
            summary.bundle.display()
        );
        progress.say("verified: ONNX Runtime reproduces libtorch's maps from the picture on");
        Ok(())
    }
}
