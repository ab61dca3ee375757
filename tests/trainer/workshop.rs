//! A temporary folder with drawn pictures, and trainings in it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cfa_runtime::picture::Limits;
use cfa_runtime::preprocess::Size;
use cfa_runtime::{Cancellation, OnnxRuntime};
use cfa_train::dataset::GoodNames;
use cfa_train::error::TrainError;
use cfa_train::events::{FitEvent, FitObserver};
use cfa_train::fit::{FitRequest, FitSummary, fit};
use cfa_train::training::FitSettings;
use image::{Rgb, RgbImage};
use serde_json::Value;
use tempfile::TempDir;

/// Sides of the drawn pictures, pixels.
pub(crate) const SIDE: u32 = 80;
/// Pictures in `data`.
pub(crate) const PICTURES: u32 = 6;

/// Among the changes of [`Workshop::command`]: a bundle that is there is not replaced.
pub(crate) const KEEP: (&str, &str) = ("keep", "");

/// A file of the checkout or beside it; says so when it is not there.
pub(crate) fn present(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is missing", path.display());
    None
}

pub(crate) fn mobilenet_weights() -> Option<PathBuf> {
    present(".native/weights/mobilenet_v2-b0353104.pth")
}

/// ONNX Runtime from where cargo's configuration says it is.
pub(crate) fn onnx_runtime() -> Option<OnnxRuntime> {
    let path = std::env::var_os("ORT_DYLIB_PATH").map_or_else(PathBuf::new, PathBuf::from);
    if path.is_file() {
        return Some(OnnxRuntime::load(&path).unwrap());
    }
    eprintln!("skipped: no ONNX Runtime at '{}'", path.display());
    None
}

/// Stripes whose place and colour depend on `seed`.
pub(crate) fn stripes(seed: u32, width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let light = if (x + y / 4 + seed) % 10 < 5 { 200 } else { 60 };
        Rgb([light, light / 2 + (seed * 7) as u8, (y * 2) as u8])
    })
}

/// The folder.
pub(crate) struct Workshop {
    folder: TempDir,
    pub(crate) weights: PathBuf,
}

impl Workshop {
    /// With six pictures in `data`; `None` without weights.
    pub(crate) fn new() -> Option<Self> {
        let workshop = Self::empty()?;
        for seed in 0..PICTURES {
            workshop.draw(&format!("data/{seed}.png"), seed);
        }
        Some(workshop)
    }

    /// With an empty folder `data`.
    pub(crate) fn empty() -> Option<Self> {
        let weights = mobilenet_weights()?;
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        Some(Self { folder, weights })
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.at(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn draw(&self, name: &str, seed: u32) {
        self.save(name, &stripes(seed, SIDE, SIDE).into());
    }

    pub(crate) fn save(&self, name: &str, picture: &image::DynamicImage) {
        let path = self.at(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        picture.save(path).unwrap();
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        std::fs::write(self.at(name), bytes).unwrap();
        self.at(name)
    }

    /// `cfa-train fit` of `data` to `model.cfa` at 64×64 for two epochs. `changes`
    /// replace or add options; one with an empty value is a flag.
    pub(crate) fn command(&self, changes: &[(&str, &str)]) -> Command {
        let (data, out) = (self.text("data"), self.text("model.cfa"));
        let mut options = vec![
            ("--data", data.as_str()),
            ("--backbone", "mobilenet_v2"),
            ("--weights", self.weights.to_str().unwrap()),
            ("--out", out.as_str()),
            ("--image-size", "64"),
            ("--center-crop", "none"),
            ("--epochs", "2"),
            ("--batch-size", "2"),
            ("--device", "cpu"),
            ("--threads", "1"),
            ("--json", ""),
            ("--force", ""),
        ];
        options.retain(|(name, _)| *name != "--force" || !changes.contains(&KEEP));
        for &(name, value) in changes.iter().filter(|&&change| change != KEEP) {
            options.retain(|(other, _)| *other != name);
            options.push((name, value));
        }
        let words = options.iter().flat_map(|&(name, value)| [name, value]);
        program(
            ["fit"]
                .into_iter()
                .chain(words.filter(|word| !word.is_empty())),
        )
    }

    pub(crate) fn fit(&self, changes: &[(&str, &str)]) -> Run {
        Run::finished(&mut self.command(changes))
    }

    /// The bytes of `model.cfa` after a training that must succeed.
    #[track_caller]
    pub(crate) fn bundle(&self, changes: &[(&str, &str)]) -> Vec<u8> {
        self.fit(changes).fine();
        std::fs::read(self.at("model.cfa")).unwrap()
    }

    /// The training as a request for the library.
    pub(crate) fn request(&self, bundle: &str) -> FitRequest {
        FitRequest {
            data: self.at("data"),
            good_names: GoodNames::default(),
            weights: self.weights.clone(),
            bundle: self.at(bundle),
            settings: small_settings(),
            device: tch::Device::Cpu,
            picture_limits: Limits::default(),
            skip_bad: false,
            resume: false,
            overwrite: true,
            feature_memory_bytes: u64::MAX,
            memory_limit_bytes: u64::MAX,
            runtime: onnx_runtime(),
            threads: Some(1),
        }
    }
}

pub(crate) fn small_settings() -> FitSettings {
    FitSettings {
        backbone: "mobilenet_v2".to_owned(),
        image_size: Size {
            height: 64,
            width: 64,
        },
        center_crop: None,
        epochs: 2,
        batch_size: 2,
        ..FitSettings::default()
    }
}

/// Remembers events and cancels after so many steps.
#[derive(Default)]
pub(crate) struct Observer {
    pub(crate) events: Vec<FitEvent>,
    stop_after_steps: Option<usize>,
    pub(crate) cancellation: Cancellation,
}

impl Observer {
    /// Cancels after so many steps; before the work for 0.
    pub(crate) fn stopping(after_steps: Option<usize>) -> Self {
        let observer = Self {
            stop_after_steps: after_steps,
            ..Self::default()
        };
        observer.stop_if_due();
        observer
    }

    fn stop_if_due(&self) {
        let is_step = |event: &&FitEvent| matches!(event, FitEvent::Step { .. });
        let steps = self.events.iter().filter(is_step).count();
        if self.stop_after_steps.is_some_and(|limit| steps >= limit) {
            self.cancellation.cancel();
        }
    }
}

impl FitObserver for Observer {
    fn event(&mut self, event: &FitEvent) {
        self.events.push(event.clone());
        self.stop_if_due();
    }
}

/// Keeps libtorch to one thread: tests run side by side, and threads without a core
/// of their own wait for each other.
pub(crate) fn one_thread() {
    tch::set_num_threads(1);
}

/// Runs the library and gives what the observer saw.
pub(crate) fn observed(
    request: &FitRequest,
    stop_after_steps: Option<usize>,
) -> (Result<FitSummary, TrainError>, Vec<FitEvent>) {
    one_thread();
    let mut observer = Observer::stopping(stop_after_steps);
    let cancellation = observer.cancellation.clone();
    let result = fit(request, &mut observer, &cancellation);
    (result, observer.events)
}

/// `cfa-train` with these arguments.
pub(crate) fn program<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cfa-train"));
    command.args(arguments);
    command
}

/// One finished run of the program.
pub(crate) struct Run(pub(crate) Output);

impl Run {
    pub(crate) fn finished(command: &mut Command) -> Self {
        Self(command.output().unwrap())
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    /// Standard output, of which every line must be JSON.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.stdout.clone()).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect()
    }

    /// Asserts success without a word on stderr, and gives the JSON lines.
    #[track_caller]
    pub(crate) fn fine(&self) -> Vec<Value> {
        assert_eq!(
            (self.0.status.code(), self.stderr().as_str()),
            (Some(0), "")
        );
        self.lines()
    }

    /// Asserts exit code 2 and a message with these words, not a panic.
    #[track_caller]
    pub(crate) fn refused(&self, words: &[&str]) {
        let said = self.stderr();
        assert_eq!(self.0.status.code(), Some(2), "{said}");
        assert!(!said.contains("panicked"), "{said}");
        for word in words {
            assert!(said.contains(word), "{word:?} is not in: {said}");
        }
    }

    /// Checks that it was refused before a picture was looked at.
    #[track_caller]
    pub(crate) fn refused_at_once(&self, words: &[&str]) {
        self.refused(words);
        assert_eq!(self.lines(), Vec::<Value>::new(), "work had begun");
    }
}

/// The lines of one kind of event.
pub(crate) fn events<'a>(lines: &'a [Value], kind: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["event"] == kind).collect()
}
