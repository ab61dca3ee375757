//! Compares maps, scores, verdicts and times of a provider with those of the processor. Both use
//! one library and the same pictures, in turns.
//!
//!     provider_parity BUNDLE FOLDER LIBONNXRUNTIME PROVIDER [reduced]
//!
//! It prints two rows of a table: with the head on the host, and with the head in the provider's
//! graph. The processor's own head is on the host. The exit code is 1 when the provider is out of
//! its bounds. Maps must agree within 1e-4 of their maximum (cuda and openvino in f32) or 1e-3
//! (tensorrt, whose f32 allows TF32). In reduced precision all verdicts must agree.

use std::error::Error;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cfa_runtime::{
    HeadPlacement, Inspection, Inspector, InspectorOptions, Model, OnnxRuntime, Precision,
    Provider, ProviderOptions,
};

/// Rounds over all pictures. The first one is for warming up.
const ROUNDS: usize = 4;

const PICTURES: [&str; 6] = ["png", "jpg", "jpeg", "bmp", "tif", "tiff"];

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (names, reduced) = match &arguments[..] {
        [names @ .., last] if last == "reduced" => (names, true),
        names => (names, false),
    };
    let [bundle, folder, library, provider] = names else {
        return Err(
            "usage: provider_parity BUNDLE FOLDER LIBONNXRUNTIME PROVIDER [reduced]".into(),
        );
    };
    let asked = ProviderOptions {
        allow_reduced_precision: reduced,
        ..provider.parse::<Provider>()?.into()
    };
    let runtime = OnnxRuntime::load(Path::new(library))?;
    let model = Model::open(Path::new(bundle))?;
    let open = |provider: ProviderOptions, head| {
        let options = InspectorOptions {
            provider,
            head,
            ..InspectorOptions::default()
        };
        Inspector::new(&model, &runtime, &options)
    };
    let mut cpu = open(Provider::Cpu.into(), HeadPlacement::Host)?;
    let mut others = Vec::new();
    for head in [HeadPlacement::Host, HeadPlacement::Graph] {
        others.push((open(asked.clone(), head)?, Comparison::default()));
    }
    let pictures = pictures(Path::new(folder))?;
    for round in 0..ROUNDS {
        for picture in &pictures {
            let expected = cpu.inspect_path(picture)?;
            for (other, comparison) in &mut others {
                let found = other.inspect_path(picture)?;
                comparison.add(&expected, &found, round > 0);
            }
        }
    }
    let mut code = ExitCode::SUCCESS;
    for (other, comparison) in &others {
        println!("{}", comparison.row(other));
        if !comparison.within(other) {
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

/// The time for network, search and map, wherever each is computed.
fn computing_ms(inspection: &Inspection) -> f64 {
    let stages = &inspection.stages;
    stages.network_ms + stages.neighbors_ms + stages.map_ms
}

/// All pictures below a folder, in the order of their paths, masks left out.
fn pictures(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            let ending = path.extension().unwrap_or(OsStr::new("")).to_string_lossy();
            if path.is_dir() {
                folders.push(path);
            } else if PICTURES.contains(&&*ending.to_lowercase()) {
                found.push(path);
            }
        }
    }
    found.sort_unstable();
    if found.is_empty() {
        return Err(format!("there are no pictures in {}", folder.display()).into());
    }
    Ok(found)
}

/// The result over all pictures and rounds.
#[derive(Debug, Default)]
struct Comparison {
    map_error: f32,
    score_error: f32,
    flips: usize,
    cpu_ms: Vec<f64>,
    other_ms: Vec<f64>,
}

impl Comparison {
    fn add(&mut self, expected: &Inspection, found: &Inspection, timed: bool) {
        let pairs = found.map.values.iter().zip(&expected.map.values);
        let largest = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        self.map_error = self.map_error.max(largest / expected.map.max());
        let difference = (found.score - expected.score).abs() / expected.score;
        self.score_error = self.score_error.max(difference);
        if timed {
            self.cpu_ms.push(computing_ms(expected));
            self.other_ms.push(computing_ms(found));
            return;
        }
        let decision = |one: &Inspection| one.verdict.map(|verdict| verdict.decision);
        self.flips += usize::from(decision(expected) != decision(found));
    }

    fn within(&self, other: &Inspector) -> bool {
        match (other.provider(), other.precision()) {
            (_, Precision::Reduced) | (Provider::Cuda, Precision::Tf32) => self.flips == 0,
            (Provider::TensorRt, _) => self.map_error <= 1e-3 && self.flips == 0,
            _ => self.map_error <= 1e-4 && self.flips == 0,
        }
    }

    fn row(&self, other: &Inspector) -> String {
        let (cpu, median) = (percentile(&self.cpu_ms, 50), percentile(&self.other_ms, 50));
        format!(
            "| {} | {} | {} | {} | {:.1e} | {:.1e} | {} | {cpu:.2} | {median:.2} | {:.2} | {:.1} | {} |",
            other.provider(),
            other.device().unwrap_or("-"),
            other.precision(),
            other.head(),
            self.map_error,
            self.score_error,
            self.flips,
            percentile(&self.other_ms, 95),
            cpu / median,
            if self.within(other) {
                "ok"
            } else {
                "OUT OF BOUNDS"
            },
        )
    }
}

fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    sorted
        .get(last * percent / 100)
        .copied()
        .unwrap_or(f64::NAN)
}
