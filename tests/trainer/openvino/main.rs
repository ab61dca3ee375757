//! A network of real weights in OpenVINO beside the processor, where `../shared` and
//! `cargo xtask setup --openvino` have brought both.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and says when it is skipped"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use cfa_runtime::{
    HeadPlacement, Inspection, Inspector, InspectorOptions, OnnxRuntime, Precision, Provider,
    ProviderOptions,
};

/// Maps may differ by this share of their maximum: `f32` sums in another order.
const F32_BOUND: f32 = 1e-4;

const TEST: [&str; 3] = [
    "good/000.png",
    "broken_large/000.png",
    "contamination/002.png",
];

fn present(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is missing", path.display());
    None
}

/// One epoch over four bottles.
fn trained(weights: &Path, data: &Path, folder: &Path) -> PathBuf {
    let good = folder.join("good");
    std::fs::create_dir(&good).unwrap();
    for name in ["000", "002", "005", "011"] {
        let name = format!("{name}.png");
        std::fs::copy(data.join("train/good").join(&name), good.join(&name)).unwrap();
    }
    let bundle = folder.join("bottle.cfa");
    let mut fit = Command::new(env!("CARGO_BIN_EXE_cfa-train"));
    fit.args([
        "fit",
        "--backbone",
        "resnet18",
        "--epochs",
        "1",
        "--calibration-split",
        "0",
    ]);
    fit.arg("--data").arg(&good).arg("--weights").arg(weights);
    let output = fit.arg("--out").arg(&bundle).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    bundle
}

/// The largest difference from the processor's maps over all pictures.
fn difference(expected: &[Inspection], inspector: &mut Inspector, pictures: &[PathBuf]) -> f32 {
    let errors = pictures.iter().zip(expected).map(|(picture, expected)| {
        let found = inspector.inspect_path(picture).unwrap();
        assert_eq!(found.provider, Provider::OpenVino);
        let pairs = found.map.values.iter().zip(&expected.map.values);
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / expected.map.max()
    });
    errors.fold(0.0, f32::max)
}

#[test]
fn openvino_computes_in_f32_unless_told_otherwise() {
    let weights = present("../shared/weights/resnet18_imagenet_layer1-3.safetensors");
    let data = present("../shared/data/mvtec_bottle");
    let library = present(".native/onnxruntime-openvino/libonnxruntime.so");
    let (Some(weights), Some(data), Some(library)) = (weights, data, library) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let bundle = trained(&weights, &data, folder.path());
    let runtime = OnnxRuntime::load(&library).unwrap();
    let open_with = |provider: ProviderOptions, head| {
        let options = InspectorOptions {
            provider,
            head,
            ..InspectorOptions::default()
        };
        Inspector::open(&bundle, &runtime, &options).unwrap()
    };
    let open = |provider| open_with(provider, HeadPlacement::Host);
    let pictures = TEST.map(|name| data.join("test").join(name));
    let mut cpu = open(Provider::Cpu.into());
    let expected = pictures
        .each_ref()
        .map(|picture| cpu.inspect_path(picture).unwrap());

    let mut full = open(Provider::OpenVino.into());
    assert_eq!(full.precision(), Precision::F32);
    let error = difference(&expected, &mut full, &pictures);
    assert!(
        error <= F32_BOUND,
        "maps differ by {error} of their maximum"
    );

    let mut graph = open_with(Provider::OpenVino.into(), HeadPlacement::Graph);
    let with_head = difference(&expected, &mut graph, &pictures);
    assert!(with_head <= F32_BOUND, "the head in the graph: {with_head}");

    let mut reduced = open(ProviderOptions {
        allow_reduced_precision: true,
        ..Provider::OpenVino.into()
    });
    let reduced = difference(&expected, &mut reduced, &pictures);
    println!(
        "f32: {error:.1e}, with the head {with_head:.1e}, OpenVINO's own choice: {reduced:.1e} of the map's maximum"
    );
    // Where the processor has bf16, OpenVINO takes it by default: this is what the
    // f32 that is asked for prevents.
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx512bf16") {
        assert!(reduced > F32_BOUND, "{reduced}");
    }
}
