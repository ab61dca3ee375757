//! `cfa-train fit`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use cfa_runtime::preprocess::Size;
use cfa_train::backbone::Backbone;
use cfa_train::fit::{FitRequest, FitSettings, fit};
use clap::Args;

use crate::device::DeviceChoice;
use crate::onnxruntime::OnnxRuntimeArgument;
use crate::progress::{Progress, print_json};
use crate::replay::verify;

const BYTES_PER_MIB: u64 = 1 << 20;

#[derive(Args)]
pub(crate) struct FitArguments {
    /// Folder of pictures: MVTec layout (train/good, test/…), or good pictures only
    #[arg(long)]
    data: PathBuf,
    /// Frozen network that the features come from
    #[arg(long, default_value_t = Backbone::WideResnet50)]
    backbone: Backbone,
    /// Its ImageNet weights: a torchvision .pth or .safetensors file
    #[arg(long)]
    weights: PathBuf,
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
pub(crate) struct Crop(pub(crate) Option<Size>);

pub(crate) fn parse_size(text: &str) -> Result<Size, String> {
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

pub(crate) fn parse_crop(text: &str) -> Result<Crop, String> {
    if text == "none" {
        Ok(Crop(None))
    } else {
        parse_size(text).map(|size| Crop(Some(size)))
    }
}

pub(crate) fn run(arguments: &FitArguments) -> Result<()> {
    let mut progress = Progress::new(arguments.json).context("cannot listen for Ctrl-C")?;
    if let Some(threads) = arguments.threads {
        tch::set_num_threads(i32::from(threads.get() as i16));
    }
    let (device, description) = arguments.device.resolve()?;
    progress.say(&format!("device: {description}"));
    let summary = fit(&arguments.request(device), &mut progress)?;
    verify(&summary.bundle, &arguments.onnxruntime, &progress)?;
    if arguments.json {
        print_json(&summary);
    }
    Ok(())
}

impl FitArguments {
    fn request(&self, device: tch::Device) -> FitRequest {
        FitRequest {
            data: self.data.clone(),
            weights: self.weights.clone(),
            bundle: self.out.clone(),
            settings: FitSettings {
                backbone: self.backbone.name().to_owned(),
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
}
