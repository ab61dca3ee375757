//! `cfa-train fit`.

mod defaults;

use std::num::NonZeroU16;
use std::path::PathBuf;

use anyhow::{Context, Result};
use cfa_runtime::OnnxRuntime;
use cfa_runtime::picture::OrientationRule;
use cfa_runtime::preprocess::{AspectRule, ResizeFilter, Size};
use cfa_runtime::training_support::cfa::anomaly_map::Border;
use cfa_train::backbone::{Backbone, TapActivation};
use cfa_train::fit::{FitRequest, fit, fit_seeds};
use cfa_train::training::{FitSettings, Preset};
use clap::Args;

pub(crate) use defaults::with_shown_defaults;

use crate::device::DeviceChoice;
use crate::good_names::{GoodNameArgument, SimilarArgument};
use crate::limits::LimitArguments;
use crate::memory;
use crate::onnxruntime::OnnxRuntimeArgument;
use crate::progress::Progress;
use crate::seeds;
use crate::skip_bad;
use crate::weights::{Weights, WeightsArguments};

const BYTES_PER_MIB: u64 = 1 << 20;

/// Options of the method; each replaces what the preset says.
#[derive(Args)]
struct MethodArguments {
    /// Settings that the options start from: anomalib (its current behaviour, with its known
    /// mistakes mended) or paper (the authors' code: LeakyReLU taps, trained radius, Lanczos
    /// resize of the shorter side). A preset also sets the backbone wide_resnet50_2; each
    /// option that is given replaces its value. Without it: anomalib, see --backbone
    #[expect(clippy::doc_markdown, reason = "the help prints this text as it is")]
    #[arg(long, value_name = "NAME")]
    preset: Option<Preset>,
    /// Activation of the tapped maps: `relu` (as in torchvision and anomalib) or `leaky-relu`
    /// (slope 0.01 on the maps before their ReLU, as in the official code)
    #[arg(long, value_name = "NAME")]
    tap_activation: Option<TapActivation>,
    /// exif: pictures and masks are turned as their files ask (EXIF, TIFF tag 274); stored:
    /// they stay as they are stored
    #[arg(long, value_name = "RULE")]
    orientation: Option<OrientationRule>,
    /// The sample of 16-bit pictures that is white: 1023, 4095 or 16383 for data of 10, 12 or
    /// 14 bits
    #[arg(long, value_name = "LEVEL")]
    white_level: Option<NonZeroU16>,
    /// Pictures are resized to this: `SIDE` or `HEIGHTxWIDTH`, pixels
    #[arg(long, value_parser = parse_size, value_name = "SIZE")]
    image_size: Option<Size>,
    /// bilinear or lanczos
    #[arg(long, value_parser = parse_filter, value_name = "FILTER")]
    resize_filter: Option<ResizeFilter>,
    /// stretch: both sides get the image size; shorter-side: the shorter one does, the
    /// aspect is kept
    #[arg(long, value_parser = parse_aspect, value_name = "RULE")]
    aspect: Option<AspectRule>,
    /// Then this is cut from the centre: `SIDE`, `HEIGHTxWIDTH`, or `none`
    #[arg(long, value_parser = parse_crop, value_name = "SIZE")]
    center_crop: Option<Crop>,
    /// Passes over the training pictures
    #[arg(long)]
    epochs: Option<usize>,
    /// Pictures per step
    #[arg(long)]
    batch_size: Option<usize>,
    /// Learning rate
    #[arg(long)]
    lr: Option<f64>,
    /// Decoupled weight decay
    #[arg(long)]
    weight_decay: Option<f64>,
    /// Memory bank divisor: one entry for so many positions
    #[arg(long)]
    gamma_c: Option<usize>,
    /// Channel divisor of the descriptor
    #[arg(long)]
    gamma_d: Option<usize>,
    /// K: nearest bank entries that attract, and that the score looks at
    #[arg(long)]
    neighbors: Option<usize>,
    /// J: entries behind them that repel; no effect while radius² ≤ 0.1
    #[arg(long)]
    hard_negatives: Option<usize>,
    /// Radius of the hyperspheres, or where it starts
    #[arg(long)]
    radius: Option<f64>,
    /// Whether the radius is trained like a weight
    #[arg(long, value_name = "BOOL")]
    train_radius: Option<bool>,
    /// How the blur continues the map: mirror (a b c | b a) or mirror-repeat-edge
    /// (a b c | c b a)
    #[arg(long, value_parser = parse_border, value_name = "RULE")]
    border: Option<Border>,
    /// Seed of everything that is drawn at random
    #[arg(long)]
    seed: Option<u64>,
    /// Share of the good pictures that is held out to calibrate scores with
    #[arg(long, value_name = "SHARE")]
    calibration_split: Option<f64>,
    /// Share of the good pictures that is held out to choose among seeds with
    /// [default: 0.1 with --seeds, else 0]
    #[arg(long, value_name = "SHARE")]
    selection_split: Option<f64>,
    #[command(flatten)]
    similar: SimilarArgument,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
#[derive(Args)]
pub(crate) struct FitArguments {
    /// Folder of pictures: MVTec layout (train/good, test/…), or good pictures only. Folders
    /// below train/good are searched, and links followed
    #[arg(long)]
    data: PathBuf,
    #[command(flatten)]
    good_names: GoodNameArgument,
    /// Frozen network that the features come from [default: mobilenet_v2, whose weights can be
    /// downloaded; with --preset or --weights: wide_resnet50_2, as in the paper]
    #[expect(clippy::doc_markdown, reason = "the help prints this text as it is")]
    #[arg(long, value_name = "NAME")]
    backbone: Option<Backbone>,
    #[command(flatten)]
    weights: WeightsArguments,
    /// The bundle to write
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    method: MethodArguments,
    /// Train with so many seeds from --seed on, report mean and spread, and keep the
    /// one that tells defects pasted into held-out good pictures best
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=1000))]
    seeds: Option<u16>,
    /// auto, cpu or cuda:N
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
    /// Threads to compute with; default: all cores
    #[arg(long)]
    threads: Option<NonZeroU16>,
    /// The process shall not take more MiB than this: features that do not fit go to
    /// disk, and what does not fit then is refused; default: what is free
    #[arg(long, value_name = "MIB")]
    memory_limit: Option<u64>,
    /// Features beyond this many MiB go to disk; default: what the limit leaves room for
    #[arg(long, value_name = "MIB")]
    feature_memory: Option<u64>,
    /// Leave out broken or tiny pictures instead of stopping
    #[arg(long)]
    skip_bad: bool,
    /// Go on from the checkpoint of an interrupted run
    #[arg(long)]
    resume: bool,
    /// Replace the bundle that --out names, if there is one
    #[arg(long)]
    force: bool,
    /// One JSON object a line instead of bars
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    onnxruntime: OnnxRuntimeArgument,
    #[command(flatten)]
    limits: LimitArguments,
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

fn parse_filter(text: &str) -> Result<ResizeFilter, String> {
    match text {
        "bilinear" => Ok(ResizeFilter::BilinearAntialias),
        "lanczos" => Ok(ResizeFilter::Lanczos8Bit),
        _ => Err("choose bilinear or lanczos".to_owned()),
    }
}

fn parse_aspect(text: &str) -> Result<AspectRule, String> {
    match text {
        "stretch" => Ok(AspectRule::Stretch),
        "shorter-side" => Ok(AspectRule::ShorterSide),
        _ => Err("choose stretch or shorter-side".to_owned()),
    }
}

fn parse_border(text: &str) -> Result<Border, String> {
    match text {
        "mirror" => Ok(Border::Mirror),
        "mirror-repeat-edge" => Ok(Border::MirrorRepeatEdge),
        _ => Err("choose mirror or mirror-repeat-edge".to_owned()),
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
    let backbone = arguments.backbone();
    let Weights { file, origin } = arguments.weights.fetch(backbone, arguments.json)?;
    let mut progress = Progress::new(arguments.json).context("cannot listen for Ctrl-C")?;
    progress.say(&format!("backbone: {backbone}, with weights from {origin}"));
    if let Some(threads) = arguments.threads {
        limit_threads(threads)?;
    }
    let (device, description) = arguments.device.resolve()?;
    progress.say(&format!("device: {description}"));
    let runtime = arguments.onnxruntime.load();
    if let Err(error) = &runtime {
        progress.say(&format!(
            "the bundle will be neither verified nor calibrated: {error:#}"
        ));
    }
    let request = arguments.request(file, device, runtime.ok());
    if let Some(share) = inspected_share(&request.settings) {
        progress.say(&format!(
            "the centre crop leaves {:.0} % of each picture to be inspected, {:.0} % are not looked at (--center-crop none: all of it is)",
            100.0 * share,
            100.0 * (1.0 - share)
        ));
    }
    let cancellation = progress.cancellation();
    let Some(seeds) = arguments.seeds else {
        let summary = fit(&request, &mut progress, &cancellation)?;
        progress.memory_taken();
        progress.summary(&summary);
        progress.say(&summary.data.to_string());
        return Ok(());
    };
    let summary = fit_seeds(&request, usize::from(seeds), &mut progress, &cancellation)
        .map_err(skip_bad::with_remedy)?;
    progress.memory_taken();
    progress.summary(&summary);
    if !summary.seeds.is_empty() {
        progress.say(&seeds::table(&summary));
    }
    progress.say(&summary.data.to_string());
    Ok(())
}

/// libtorch's threads, and those of everything else.
fn limit_threads(threads: NonZeroU16) -> Result<()> {
    tch::set_num_threads(i32::from(threads.get()));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads.get()));
    pool.build_global().context("cannot start the threads")
}

fn bytes(mib: Option<u64>) -> Option<u64> {
    mib.map(|mib| mib.saturating_mul(BYTES_PER_MIB))
}

/// Share of a square picture that the centre crop keeps; `None` when it keeps all.
fn inspected_share(settings: &FitSettings) -> Option<f64> {
    let (crop, whole) = (settings.center_crop?, settings.image_size);
    let area = |size: Size| (size.height * size.width) as f64;
    let share = area(crop) / area(whole);
    (share < 1.0).then_some(share)
}

impl FitArguments {
    fn request(
        &self,
        weights: PathBuf,
        device: tch::Device,
        runtime: Option<OnnxRuntime>,
    ) -> FitRequest {
        FitRequest {
            data: self.data.clone(),
            good_names: self.good_names.names(),
            weights,
            bundle: self.out.clone(),
            settings: FitSettings {
                backbone: self.backbone().name().to_owned(),
                selection_split: self.selection_split(),
                ..self.method.settings()
            },
            device,
            picture_limits: self.limits.limits(),
            skip_bad: self.skip_bad,
            resume: self.resume,
            overwrite: self.force,
            feature_memory_bytes: bytes(self.feature_memory).unwrap_or(u64::MAX),
            memory_limit_bytes: bytes(self.memory_limit).unwrap_or_else(memory::available),
            runtime,
            threads: self.threads.map(|threads| usize::from(threads.get())),
        }
    }

    /// The paper's backbone where a preset or weights are named, as ever; else one whose
    /// weights can be downloaded in two ways.
    fn backbone(&self) -> Backbone {
        let names_none = self.method.preset.is_none() && !self.weights.are_named();
        let usual = if names_none {
            Backbone::MobilenetV2
        } else {
            Backbone::WideResnet50
        };
        self.backbone.unwrap_or(usual)
    }

    fn selection_split(&self) -> f64 {
        let usual = if self.seeds.is_some() { 0.1 } else { 0.0 };
        self.method.selection_split.unwrap_or(usual)
    }
}

impl MethodArguments {
    fn settings(&self) -> FitSettings {
        let preset = self.preset.unwrap_or(Preset::Anomalib).settings();
        FitSettings {
            tap_activation: self.tap_activation.unwrap_or(preset.tap_activation),
            orientation: self.orientation.unwrap_or(preset.orientation),
            white_level: self.white_level.or(preset.white_level),
            image_size: self.image_size.unwrap_or(preset.image_size),
            resize_filter: self.resize_filter.unwrap_or(preset.resize_filter),
            aspect: self.aspect.unwrap_or(preset.aspect),
            center_crop: self.center_crop.map_or(preset.center_crop, |crop| crop.0),
            epochs: self.epochs.unwrap_or(preset.epochs),
            batch_size: self.batch_size.unwrap_or(preset.batch_size),
            learning_rate: self.lr.unwrap_or(preset.learning_rate),
            weight_decay: self.weight_decay.unwrap_or(preset.weight_decay),
            gamma_c: self.gamma_c.unwrap_or(preset.gamma_c),
            gamma_d: self.gamma_d.unwrap_or(preset.gamma_d),
            neighbors: self.neighbors.unwrap_or(preset.neighbors),
            hard_negatives: self.hard_negatives.unwrap_or(preset.hard_negatives),
            radius: self.radius.unwrap_or(preset.radius),
            train_radius: self.train_radius.unwrap_or(preset.train_radius),
            border: self.border.unwrap_or(preset.border),
            seed: self.seed.unwrap_or(preset.seed),
            calibration_split: self.calibration_split.unwrap_or(preset.calibration_split),
            count_similar: self.similar.count_similar,
            ..preset
        }
    }
}
