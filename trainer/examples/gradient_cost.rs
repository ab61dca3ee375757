//! Measures the training loop on the processor with the gradient that is written by hand, or
//! with the one that libtorch derives:
//!
//!     cargo run --release -p cfa-train --example gradient_cost -- \
//!         PICTURES RESNET18_WEIGHTS WIDTH hand|libtorch EPOCHS
//!
//! `WIDTH` is 1 for the feature maps of `resnet18` and 4 for maps of the channels that
//! `wide_resnet50_2` has: each is then a fixed random mixture of ResNet-18's.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use cfa_runtime::Cancellation;
use cfa_runtime::picture::{Limits, Picture};
use cfa_train::backbone::Backbone;
use cfa_train::events::{FitEvent, FitObserver};
use cfa_train::network::PooledMaps;
use cfa_train::training::{
    Cfa, CheckedSettings, FeatureExtractor, FeatureStore, FitSettings, Saving, TrainingIdentity,
    fitting_weights,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tch::{Device, Tensor};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [pictures, weights, width, way, epochs] = arguments.as_slice() else {
        bail!("usage: gradient_cost PICTURES RESNET18_WEIGHTS WIDTH hand|libtorch EPOCHS");
    };
    let epochs = epochs.parse()?;
    let (settings, trained) = match width.as_str() {
        "1" => (settings(Backbone::Resnet18, epochs)?, 1),
        "4" => (settings(Backbone::WideResnet50, epochs)?, 4),
        _ => bail!("WIDTH is 1 or 4"),
    };
    let mut store = features(Path::new(pictures), Path::new(weights), &settings, trained)?;
    let (observer, go_on) = (&mut Clock::default(), Cancellation::new());
    let mut training = Cfa::start(&settings, &mut store, Device::Cpu, observer, &go_on)?;
    match way.as_str() {
        "hand" => {}
        "libtorch" => training.differentiate_by_libtorch(),
        _ => bail!("choose hand or libtorch"),
    }
    let folder = tempfile::tempdir()?;
    let saving = Saving {
        path: &folder.path().join("checkpoint"),
        identity: &TrainingIdentity {
            settings: settings.options().clone(),
            weights_sha256: String::new(),
            pictures_sha256: String::new(),
        },
    };
    let before = peak_mib()?;
    observer.last = Some(Instant::now());
    training.run(&mut store, &saving, observer, &go_on)?;
    let seconds = &observer.seconds;
    println!(
        "{way}, width {width}, {} pictures: seconds an epoch {seconds:.2?}, losses {:.3?}, \
         at most {} MiB, {before} MiB of them before the training",
        store.len(),
        observer.losses,
        peak_mib()?
    );
    Ok(())
}

fn settings(backbone: Backbone, epochs: usize) -> Result<CheckedSettings> {
    let settings = FitSettings {
        backbone: backbone.name().to_owned(),
        epochs,
        ..FitSettings::default()
    };
    Ok(settings.check()?)
}

/// ResNet-18's features of the pictures, with `width` times the channels.
fn features(
    pictures: &Path,
    weights: &Path,
    settings: &CheckedSettings,
    width: i64,
) -> Result<FeatureStore> {
    let resnet = self::settings(Backbone::Resnet18, 1)?;
    let weights = fitting_weights(Backbone::Resnet18, weights)?;
    let extractor = FeatureExtractor::new(&resnet, &weights, Device::Cpu)?;
    let mut store = FeatureStore::in_memory(settings)?;
    let reading = resnet.preprocessing().reading(Limits::default());
    let entries: Vec<_> = fs::read_dir(pictures)?.collect::<Result<_, _>>()?;
    let mut paths: Vec<_> = entries.iter().map(fs::DirEntry::path).collect();
    paths.sort();
    ensure!(!paths.is_empty(), "{} is empty", pictures.display());
    for path in paths {
        let maps = extractor.pooled_of_pictures(&[Picture::open(&path, &reading)?])?;
        store.push(&widened(maps, width)?)?;
    }
    Ok(store)
}

/// Random mixtures of the channels, the same ones for every picture; none below 0.
fn widened(maps: PooledMaps, width: i64) -> Result<PooledMaps> {
    if width == 1 {
        return Ok(maps);
    }
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut mixed = Vec::new();
    for map in maps {
        let channels = map.size()[1];
        let count = (width * channels * channels) as usize;
        let bound = (3.0 / channels as f32).sqrt();
        let values: Vec<f32> = (0..count)
            .map(|_| rng.random_range(-bound..bound))
            .collect();
        let mixture = Tensor::from_slice(&values).reshape([width * channels, channels, 1, 1]);
        let none = None::<&Tensor>;
        mixed.push(
            map.f_conv2d(&mixture, none, [1, 1], [0, 0], [1, 1], 1)?
                .f_relu()?,
        );
    }
    mixed.try_into().ok().context("three maps")
}

/// How long each epoch takes.
#[derive(Default)]
struct Clock {
    last: Option<Instant>,
    seconds: Vec<f64>,
    losses: Vec<f64>,
}

impl FitObserver for Clock {
    fn event(&mut self, event: &FitEvent) {
        if let FitEvent::Epoch { loss, .. } = event {
            let now = Instant::now();
            let last = self.last.replace(now);
            let passed = last.map(|last| now.duration_since(last).as_secs_f64());
            self.seconds.extend(passed);
            self.losses.push(*loss);
        }
    }
}

/// The most memory that this process has held, as Linux counts it.
fn peak_mib() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    let kib: u64 = kib.context("no VmHWM")?.parse()?;
    Ok(kib / 1024)
}
