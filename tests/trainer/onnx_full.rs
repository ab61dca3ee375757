//! `cfa-train export --format onnx-full`: one ONNX file with the runtime's results.

use cfa_runtime::bundle::{Bundle, BundleParts, write_bundle};
use cfa_runtime::inspector::{Inspector, InspectorOptions, Model};
use cfa_runtime::network::{OnnxRuntime, Provider};
use cfa_runtime::picture::Picture;
use cfa_runtime::preprocess::{AspectRule, PreprocessingParts, ResizeFilter, Size};
use cfa_runtime::training_support::cfa::anomaly_map::Border;
use cfa_runtime::training_support::{Network, WholeModel};
use cfa_train::export::onnx::{FullInput, encode_full};
use ndarray::{Array2, Array4, Axis};

use crate::workshop::{Run, onnx_runtime, present, program, stripes};

/// The promise is 1e-4, absolute; maps here are around 0.1. Seen: 3e-7.
const TOLERANCE: f32 = 1e-5;

fn tiny() -> Bundle {
    Bundle::open(&present("models/tiny/tiny.cfa").unwrap()).unwrap()
}

/// The tiny bundle with something changed, without golden samples.
fn changed(change: impl FnOnce(&mut BundleParts)) -> Bundle {
    let mut parts = tiny().into_parts();
    parts.golden.clear();
    parts.manifest.golden.clear();
    change(&mut parts);
    rewritten(parts)
}

/// Changes the recipe of a bundle to another possible one.
fn change_recipe(parts: &mut BundleParts, change: impl FnOnce(&mut PreprocessingParts)) {
    let recipe = &mut parts.manifest.preprocessing;
    *recipe = recipe.changed(change).unwrap();
}

fn rewritten(parts: BundleParts) -> Bundle {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.cfa");
    write_bundle(&path, parts).unwrap();
    Bundle::open(&path).unwrap()
}

fn picture(seed: u32, width: u32, height: u32) -> Picture {
    Picture::from_rgb8(width, height, stripes(seed, width, height).into_raw()).unwrap()
}

/// 1×3×height×width, samples in 0…1.
fn input(picture: &Picture) -> Array4<f32> {
    let rgb = picture.to_rgb8();
    let shape = (1, 3, rgb.height() as usize, rgb.width() as usize);
    Array4::from_shape_fn(shape, |(_, channel, y, x)| {
        f32::from(rgb.get_pixel(x as u32, y as u32).0[channel]) / 255.0
    })
}

fn inspector(bundle: &Bundle, library: &OnnxRuntime) -> Inspector {
    Inspector::from_bundle(bundle.clone(), library, &InspectorOptions::default()).unwrap()
}

/// Largest difference of maps and scores between the file and the runtime.
fn error(bundle: &Bundle, given: FullInput, pictures: &[Picture], library: &OnnxRuntime) -> f32 {
    let mut whole = WholeModel::new(library, &encode_full(bundle, given).unwrap(), 1).unwrap();
    let mut inspector = inspector(bundle, library);
    let mut worst = 0.0_f32;
    for picture in pictures {
        let expected = inspector.inspect(picture).unwrap();
        let (scores, maps) = whole.run(&input(picture)).unwrap();
        let apart = &maps.index_axis(Axis(0), 0) - &expected.map.values;
        assert!(apart.iter().all(|d| d.is_finite()));
        worst = apart.iter().fold(worst, |most, d| most.max(d.abs()));
        worst = worst.max((scores[0] - expected.score).abs());
    }
    assert_eq!(whole.take_warnings(), Vec::<String>::new());
    worst
}

#[test]
fn pictures_of_any_size_give_the_runtimes_maps() {
    let Some(library) = onnx_runtime() else {
        return;
    };
    let sizes = [
        (72, 72),
        (64, 64),
        (200, 90),
        (73, 71),
        (31, 300),
        (20, 20),
        (1, 1),
    ];
    let pictures = sizes.map(|(width, height)| picture(3, width, height));
    let worst = error(&tiny(), FullInput::Any, &pictures, &library);
    assert!(worst <= TOLERANCE, "{worst:e}");
    for picture in pictures {
        let size = Size {
            height: picture.height_px() as usize,
            width: picture.width_px() as usize,
        };
        let worst = error(&tiny(), FullInput::Fixed(size), &[picture], &library);
        assert!(worst <= TOLERANCE, "{size:?}: {worst:e}");
    }
}

#[test]
fn every_setting_of_the_head_is_followed() {
    let Some(library) = onnx_runtime() else {
        return;
    };
    let pictures = [picture(1, 90, 100), picture(5, 72, 72)];
    let centroids = tiny().manifest().settings.memory_bank.centroids;
    let plain = inspector(&tiny(), &library).inspect(&pictures[0]).unwrap();
    for neighbors in [1, 2, 7, centroids] {
        for (sigma, border) in [(4.0, Border::Mirror), (2.5, Border::MirrorRepeatEdge)] {
            let bundle = changed(|parts| {
                parts.manifest.settings.score.neighbors = neighbors;
                parts.manifest.settings.anomaly_map.sigma = sigma;
                parts.manifest.settings.anomaly_map.border = border;
            });
            let worst = error(&bundle, FullInput::Any, &pictures, &library);
            assert!(worst <= TOLERANCE, "{neighbors}, {sigma}: {worst:e}");
            let other = inspector(&bundle, &library).inspect(&pictures[0]).unwrap();
            assert!(
                (other.score - plain.score).abs() > TOLERANCE,
                "no difference to see"
            );
        }
    }
}

#[test]
fn resizes_that_a_plain_graph_cannot_do_need_pictures_of_one_size() {
    let Some(library) = onnx_runtime() else {
        return;
    };
    let fixed = |width, height| FullInput::Fixed(Size { height, width });
    let lanczos = changed(|parts| {
        change_recipe(parts, |recipe| recipe.filter = ResizeFilter::Lanczos8Bit);
    });
    for input in [FullInput::Any, fixed(80, 72)] {
        let message = encode_full(&lanczos, input).unwrap_err().to_string();
        assert!(message.contains("input size 72x72"), "{message}");
    }
    let worst = error(&lanczos, fixed(72, 72), &[picture(4, 72, 72)], &library);
    assert!(worst <= TOLERANCE, "{worst:e}");

    let shorter = changed(|parts| {
        change_recipe(parts, |recipe| recipe.aspect = AspectRule::ShorterSide);
    });
    let message = encode_full(&shorter, FullInput::Any)
        .unwrap_err()
        .to_string();
    assert!(message.contains("name the input size"), "{message}");
    for (width, height) in [(150, 100), (72, 99), (60, 60)] {
        let shown = [picture(4, width, height)];
        let given = fixed(width as usize, height as usize);
        let worst = error(&shorter, given, &shown, &library);
        assert!(worst <= TOLERANCE, "{width}x{height}: {worst:e}");
    }
}

/// Exact matches and near ties, where |φ|² + |c|² − 2 φ·c loses every digit: the bank is
/// what the picture itself gives, once as it is and once beside a slightly moved copy.
#[test]
fn distances_near_zero_keep_their_digits() {
    let Some(library) = onnx_runtime() else {
        return;
    };
    let shown = picture(2, 72, 72);
    let rows = descriptors(&tiny(), &shown, &library);
    for moved_by in [0.0, 1e-3] {
        let bundle = changed(|parts| {
            let moved = &rows + moved_by;
            parts.tensors.memory_bank =
                ndarray::concatenate(Axis(0), &[moved.view(), moved.view()]).unwrap();
            parts.manifest.settings.memory_bank.centroids = parts.tensors.memory_bank.nrows();
        });
        let worst = error(
            &bundle,
            FullInput::Any,
            std::slice::from_ref(&shown),
            &library,
        );
        assert!(worst <= TOLERANCE, "moved by {moved_by}: {worst:e}");
        let score = inspector(&bundle, &library).inspect(&shown).unwrap().score;
        assert!(score < 0.01, "{score} is not near zero");
    }
}

/// The descriptors of a picture, one a row.
fn descriptors(bundle: &Bundle, picture: &Picture, library: &OnnxRuntime) -> Array2<f32> {
    let options = bundle.manifest().network_options(Provider::Cpu, 1);
    let mut network = Network::new(library, bundle.network_onnx(), &options).unwrap();
    let input = bundle.manifest().preprocessing.apply(picture).unwrap();
    let levels = network.run(&input.insert_axis(Axis(0))).unwrap();
    let levels = levels.picture(0).unwrap();
    let model = Model::from_bundle(bundle.clone()).unwrap();
    model.head().descriptors(&levels).unwrap()
}

#[test]
fn a_batch_gives_what_its_pictures_give() {
    let Some(library) = onnx_runtime() else {
        return;
    };
    let onnx = encode_full(&tiny(), FullInput::Any).unwrap();
    let mut whole = WholeModel::new(&library, &onnx, 1).unwrap();
    let inputs = [1, 2, 3].map(|seed| input(&picture(seed, 80, 60)));
    let views: Vec<_> = inputs.iter().map(|i| i.view()).collect();
    let batch = ndarray::concatenate(Axis(0), &views).unwrap();
    let (scores, maps) = whole.run(&batch).unwrap();
    for (index, input) in inputs.iter().enumerate() {
        let (score, map) = whole.run(input).unwrap();
        let apart = &map.index_axis(Axis(0), 0) - &maps.index_axis(Axis(0), index);
        let worst = apart.iter().fold(0.0_f32, |most, d| most.max(d.abs()));
        assert!(
            worst <= 1e-6 && (score[0] - scores[index]).abs() <= 1e-6,
            "{worst:e}"
        );
    }
}

fn export(arguments: &[&str]) -> Run {
    let arguments = ["export", "--format", "onnx-full", "--json"]
        .iter()
        .chain(arguments);
    Run::finished(&mut program(arguments))
}

#[test]
fn the_program_checks_and_writes_the_file() {
    if onnx_runtime().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tiny.onnx");
    let (bundle, out) = (
        present("models/tiny/tiny.cfa").unwrap(),
        file.to_str().unwrap(),
    );
    let lines = export(&[bundle.to_str().unwrap(), "--out", out]).fine();
    let checks = lines[0]["checks"].as_array().unwrap();
    assert_eq!(checks.len(), tiny().manifest().golden.len());
    for check in checks {
        assert!(
            check["map_error"].as_f64().unwrap() <= f64::from(TOLERANCE),
            "{check}"
        );
        assert!(check["recorded_error"].is_f64(), "{check}");
    }
    let bytes = std::fs::read(&file).unwrap();
    assert_eq!(lines[0]["bytes"], bytes.len());
    let holds = |text: &str| {
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    for text in [
        tiny().digest_hex(),
        "cfa.bundle_sha256",
        "cfa.settings",
        "\"neighbors\":3",
    ] {
        assert!(holds(text), "{text} is not in the file");
    }
}

#[test]
fn a_file_that_differs_is_not_written() {
    if onnx_runtime().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut parts = tiny().into_parts();
    let record = &mut parts.golden[0];
    record.anomaly_map.mapv_inplace(|value| value * 1.01);
    parts.manifest.golden[0].score *= 1.01;
    let path = folder.path().join("wrong.cfa");
    write_bundle(&path, parts).unwrap();
    let file = folder.path().join("wrong.onnx");
    let run = export(&[path.to_str().unwrap(), "--out", file.to_str().unwrap()]);
    run.refused(&["does not give the bundle's results", "was not written"]);
    assert!(!file.exists());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_cannot_be_exported_is_refused() {
    if onnx_runtime().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("x.onnx");
    let out = out.to_str().unwrap();
    let bundle = present("models/tiny/tiny.cfa").unwrap();
    let bundle = bundle.to_str().unwrap();
    for size in ["0", "4097", "64x0"] {
        export(&[bundle, "--out", out, "--input-size", size])
            .refused(&["--input-size", "1 to 4096"]);
    }
    export(&["missing.cfa", "--out", out]).refused(&["missing.cfa"]);
    export(&[bundle, "--out", "missing/x.onnx"]).refused(&["missing/x.onnx", "--out"]);
    assert!(!std::path::Path::new(out).exists());
}
