//! Real photographs and the published size, where `../shared` has them.

use std::path::{Path, PathBuf};
use std::process::Command;

use cfa_runtime::picture::{Limits, Picture, ReadOptions};
use cfa_runtime::{Cancellation, Inspector, InspectorOptions};
use cfa_train::dataset::content_digest;
use cfa_train::export::{ExportRequest, export};
use cfa_train::tensor::host_values;
use cfa_train::training::{
    Cfa, FeatureExtractor, FeatureStore, FitSettings, Saving, TrainingIdentity, checkpoint_path,
    fitting_weights,
};
use tch::Device;

use crate::workshop::{Observer, one_thread, onnx_runtime, present};

const TRAIN: [&str; 4] = ["000", "002", "005", "011"];
const TEST: [&str; 3] = [
    "good/000.png",
    "broken_large/000.png",
    "contamination/002.png",
];

struct Trained {
    extractor: FeatureExtractor,
    training: Cfa,
}

impl Trained {
    /// One epoch over `pictures`, and its bundle.
    fn new(weights: &Path, pictures: &[PathBuf], bundle: &Path) -> Self {
        let options = FitSettings {
            backbone: "resnet18".to_owned(),
            epochs: 1,
            ..FitSettings::default()
        };
        let settings = options.check().unwrap();
        let weights = fitting_weights(settings.backbone(), weights).unwrap();
        let extractor = FeatureExtractor::new(&settings, &weights, Device::Cpu).unwrap();
        let shapes = [[64, 56, 56], [128, 28, 28], [256, 14, 14]];
        let mut store = FeatureStore::new(shapes, false, Path::new(".")).unwrap();
        for picture in pictures {
            store
                .push(&extractor.pooled_of_pictures(&[opened(picture)]).unwrap())
                .unwrap();
        }
        let identity = TrainingIdentity {
            settings: options,
            weights_sha256: weights.sha256_hex.clone(),
            pictures_sha256: content_digest(pictures).unwrap(),
        };
        let observer = &mut Observer::default();
        let go_on = Cancellation::new();
        let mut training =
            Cfa::start(&settings, &mut store, Device::Cpu, observer, &go_on).unwrap();
        let path = checkpoint_path(bundle);
        let saving = Saving {
            path: &path,
            identity: &identity,
        };
        training.run(&mut store, &saving, observer, &go_on).unwrap();
        let request = ExportRequest {
            settings: &settings,
            record: serde_json::json!({}),
            weights: &weights,
            pictures,
            held_out: &[],
            picture_limits: Limits::default(),
            rule: None,
            heatmap_range: None,
            runtime: None,
            threads: None,
            bundle,
        };
        let model = training.model();
        export(&request, &extractor, model, &mut store, observer, &go_on).unwrap();
        Self {
            extractor,
            training,
        }
    }

    /// Score and map by libtorch.
    fn scored(&self, picture: &Path) -> (f32, Vec<f32>) {
        let pooled = self
            .extractor
            .pooled_of_pictures(&[opened(picture)])
            .unwrap();
        let scored = self.training.validation_step(&pooled).unwrap();
        let score = host_values(&scored.image_scores).unwrap()[0];
        (score, host_values(&scored.anomaly_map).unwrap())
    }
}

fn opened(path: &Path) -> Picture {
    Picture::open(path, &ReadOptions::default()).unwrap()
}

/// Maps and scores within 1e-4 of libtorch's maximum: f32 sums over up to 2304 products
/// in another order, and on other axes.
#[test]
fn photographs_score_the_same_in_libtorch_and_in_the_runtime() {
    let weights = present("../shared/weights/resnet18_imagenet_layer1-3.safetensors");
    let data = present("../shared/data/mvtec_bottle");
    let (Some(weights), Some(data), Some(library)) = (weights, data, onnx_runtime()) else {
        return;
    };
    one_thread();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bottle.cfa");
    let pictures = TRAIN.map(|name| data.join(format!("train/good/{name}.png")));
    let trained = Trained::new(&weights, &pictures, &path);

    let mut inspector = Inspector::open(&path, &library, &InspectorOptions::default()).unwrap();
    for name in TEST {
        let picture = data.join("test").join(name);
        let (score, map) = trained.scored(&picture);
        let ours = inspector.inspect_path(&picture).unwrap();
        let pairs = ours.map.values.iter().zip(&map);
        let error = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(error <= 1e-4 * score, "{name}: maps differ by {error}");
        let apart = (ours.score - score).abs();
        assert!(apart <= 1e-4 * score, "{name}: {apart} of {score}");
    }
}

/// The figures that `docs/RESULTS.md` reports after 30 epochs are reached after two:
/// image AUROC 0.99 and pixel AUROC 0.975 at least.
#[test]
fn bottles_are_told_apart_from_picture_files() {
    let weights = present("../shared/weights/resnet18_imagenet_layer1-3.safetensors");
    let data = present("../shared/data/mvtec_bottle");
    let (Some(weights), Some(data), Some(_)) = (weights, data, onnx_runtime()) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("bottle.cfa");
    let run = |command: &mut Command| {
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    };
    let mut fit = Command::new(env!("CARGO_BIN_EXE_cfa-train"));
    fit.args(["fit", "--backbone", "resnet18", "--epochs", "2", "--json"]);
    run(fit
        .arg("--data")
        .arg(&data)
        .arg("--weights")
        .arg(weights)
        .arg("--out")
        .arg(&bundle));
    let mut test = Command::new(env!("CARGO_BIN_EXE_cfa-train"));
    let figures = run(test
        .args(["test", "--json"])
        .arg("--model")
        .arg(&bundle)
        .arg("--data")
        .arg(&data));
    let figures: serde_json::Value = serde_json::from_slice(&figures).unwrap();
    let figure = |name: &str| figures[name].as_f64().unwrap();
    assert!(figure("image_auroc") >= 0.99, "{figures}");
    assert!(figure("pixel_auroc") >= 0.975, "{figures}");
}
