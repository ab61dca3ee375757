//! The library as an embedding program uses it.

use std::error::Error;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use cfa_runtime::inspector::{InspectError, OpenError};
use cfa_runtime::ndarray::Array4;
use cfa_runtime::network::{Network, NetworkError, NetworkOptions};
use cfa_runtime::picture::{PixelFormat, PixelView};
use cfa_runtime::{
    Bundle, Cancellation, Inspection, Inspector, InspectorOptions, Model, OnnxRuntime, Picture,
    Provider,
};

use crate::harness::{Folder, drawing, onnx_runtime, tiny_bundle};

pub(crate) fn inspector(threads: usize) -> Inspector {
    let options = InspectorOptions {
        threads: Some(threads),
        ..InspectorOptions::default()
    };
    Inspector::open(&tiny_bundle(), &onnx_runtime(), &options).unwrap()
}

#[track_caller]
pub(crate) fn assert_same_bits(a: &Inspection, b: &Inspection) {
    let bits = |inspection: &Inspection| inspection.map.values.mapv(f32::to_bits);
    assert_eq!(bits(a), bits(b));
    assert_eq!(a.score.to_bits(), b.score.to_bits());
    assert_eq!(a.peak, b.peak);
}

#[test]
fn every_way_in_gives_the_same_bits() {
    let folder = Folder::new();
    let path = folder.draw("disc.png", 111, 95, 1);
    let mut inspector = inspector(2);
    let from_path = inspector.inspect_path(&path).unwrap();
    assert!(from_path.score.is_finite() && from_path.score > 0.0);
    assert!(from_path.stages.decode_ms > 0.0);
    let from_bytes = inspector
        .inspect_bytes(&std::fs::read(&path).unwrap())
        .unwrap();
    assert_same_bits(&from_path, &from_bytes);

    let pixels = drawing(111, 95, 1);
    // Rows apart by more than their length, blue first, as cameras deliver them.
    let mut rows = Vec::new();
    for row in pixels.rows() {
        rows.extend(row.flat_map(|pixel| [pixel[2], pixel[1], pixel[0]]));
        rows.extend([99; 5]);
    }
    let view = PixelView {
        format: PixelFormat::Bgr8,
        width_px: 111,
        height_px: 95,
        stride_bytes: 111 * 3 + 5,
        data: &rows,
    };
    let from_raw = inspector
        .inspect(&Picture::from_raw(&view).unwrap())
        .unwrap();
    assert_same_bits(&from_path, &from_raw);
    let from_rgb = Picture::from_rgb8(111, 95, pixels.into_raw()).unwrap();
    assert_same_bits(&from_path, &inspector.inspect(&from_rgb).unwrap());
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let picture = Picture::from_rgb8(100, 60, drawing(100, 60, 2).into_raw()).unwrap();
    let one = inspector(1).inspect(&picture).unwrap();
    assert_same_bits(&one, &inspector(4).inspect(&picture).unwrap());
}

/// Inspectors of one model share its memory bank and give the bits of one that has its own.
#[test]
fn inspectors_share_a_model() {
    let model = Model::open(&tiny_bundle()).unwrap();
    assert_eq!(
        model.digest_hex(),
        Bundle::open(&tiny_bundle()).unwrap().digest_hex()
    );
    let options = InspectorOptions::default();
    let mut inspectors =
        [(); 2].map(|()| Inspector::new(&model, &onnx_runtime(), &options).unwrap());
    drop(model);
    let picture = Picture::from_rgb8(64, 64, drawing(64, 64, 3).into_raw()).unwrap();
    let alone = inspector(1).inspect(&picture).unwrap();
    for shared in &mut inspectors {
        assert_same_bits(&alone, &shared.inspect(&picture).unwrap());
    }
}

/// A model reads its network from the file that it has checked, or not at all.
#[test]
fn the_bundle_file_may_be_replaced_but_not_written_into() {
    let folder = Folder::new();
    let (path, kept) = (folder.at("model.cfa"), folder.at("kept.cfa"));
    fs::copy(tiny_bundle(), &path).unwrap();
    let model = Model::open(&path).unwrap();
    let open = || Inspector::new(&model, &onnx_runtime(), &InspectorOptions::default());
    let picture = Picture::from_rgb8(64, 64, drawing(64, 64, 3).into_raw()).unwrap();
    let alone = inspector(1).inspect(&picture).unwrap();

    fs::rename(&path, &kept).unwrap();
    fs::write(&path, "another file in its place").unwrap();
    assert_same_bits(&alone, &open().unwrap().inspect(&picture).unwrap());

    let whole = fs::read(&kept).unwrap();
    let network = Bundle::open(&tiny_bundle()).unwrap();
    let network = network.network_onnx();
    let mut windows = whole.windows(network.len());
    let start = windows.position(|bytes| bytes == network).unwrap();
    let mut changed = whole.clone();
    changed[start + network.len() / 2] ^= 1;
    for other in [&changed[..], &whole[..start + 100], b""] {
        fs::write(&kept, other).unwrap();
        let error = open().unwrap_err().to_string();
        assert!(
            error.contains("model.cfa: the bundle was changed since it was opened"),
            "{error}"
        );
    }
    fs::write(&kept, whole).unwrap();
    assert_same_bits(&alone, &open().unwrap().inspect(&picture).unwrap());
}

#[test]
fn a_cancelled_inspection_gives_an_error_and_the_next_one_its_bits() {
    let mut inspector = inspector(1);
    let picture = Picture::from_rgb8(64, 64, drawing(64, 64, 3).into_raw()).unwrap();
    let before = inspector.inspect(&picture).unwrap();
    let cancellation = Cancellation::new();
    let same = inspector
        .inspect_cancellable(&picture, &cancellation)
        .unwrap();
    assert_same_bits(&before, &same);
    cancellation.clone().cancel();
    for _ in 0..2 {
        let refused = inspector.inspect_cancellable(&picture, &cancellation);
        assert!(matches!(refused, Err(InspectError::Cancelled)));
    }
    assert_same_bits(&before, &inspector.inspect(&picture).unwrap());
}

#[test]
fn a_network_stops_running_when_cancelled() {
    let bundle = Bundle::open(&tiny_bundle()).unwrap();
    let options = options(&bundle);
    let mut network = Network::new(&onnx_runtime(), bundle.network_onnx(), &options).unwrap();
    let [_, height, width] = options.input_shape;
    let input = Array4::zeros((1, 3, height, width));
    let cancellation = Cancellation::new();
    network.run_cancellable(&input, &cancellation).unwrap();
    cancellation.cancel();
    let error = network.run_cancellable(&input, &cancellation).unwrap_err();
    let cause = error.source().unwrap().to_string();
    assert!(cause.contains("terminate"), "{cause}");
    network.run(&input).unwrap();
}

#[test]
fn the_opening_of_a_network_can_be_watched_and_stopped() {
    let model = Model::open(&tiny_bundle()).unwrap();
    let options = InspectorOptions::default();
    let mut times = Vec::new();
    let mut watch = |elapsed| {
        times.push(elapsed);
        ControlFlow::Continue(())
    };
    let mut watched =
        Inspector::new_watched(&model, &onnx_runtime(), &options, &mut watch).unwrap();
    assert!(times.first().is_some_and(Duration::is_zero) && times.is_sorted());
    let picture = Picture::from_rgb8(64, 64, drawing(64, 64, 3).into_raw()).unwrap();
    let alone = inspector(1).inspect(&picture).unwrap();
    assert_same_bits(&alone, &watched.inspect(&picture).unwrap());

    let mut stop = |_elapsed| ControlFlow::Break(());
    let stopped = Inspector::new_watched(&model, &onnx_runtime(), &options, &mut stop);
    assert!(matches!(
        stopped,
        Err(OpenError::Network(NetworkError::OpeningStopped))
    ));
}

#[test]
fn zero_threads_are_refused() {
    let options = InspectorOptions {
        threads: Some(0),
        ..InspectorOptions::default()
    };
    let error = Inspector::open(&tiny_bundle(), &onnx_runtime(), &options).unwrap_err();
    assert!(error.to_string().contains("0 threads"), "{error}");
}

#[test]
fn onnx_runtime_can_be_loaded_twice_but_not_from_two_places() {
    let (first, second) = (onnx_runtime(), onnx_runtime());
    assert_eq!(
        (first.path(), first.version()),
        (second.path(), second.version())
    );
    assert!(first.version().unwrap().starts_with("1."));
    let error = OnnxRuntime::load(Path::new("/elsewhere/libonnxruntime.so")).unwrap_err();
    assert!(
        matches!(error, NetworkError::OtherLibrary { .. }),
        "{error}"
    );
}

fn options(bundle: &Bundle) -> NetworkOptions {
    NetworkOptions::for_manifest(&bundle.manifest, Provider::Cpu, 1)
}

#[test]
fn a_network_runs_any_batch_and_opens_without_warnings() {
    let bundle = Bundle::open(&tiny_bundle()).unwrap();
    let options = options(&bundle);
    let mut network = Network::new(&onnx_runtime(), bundle.network_onnx(), &options).unwrap();
    let [_, height, width] = options.input_shape;
    let batch = Array4::from_shape_fn((3, 3, height, width), |(n, c, y, x)| {
        (n * 5 + c * 3 + y * 2 + x) as f32 / 100.0
    });
    let outputs = network.run(&batch).unwrap();
    let levels = outputs.all().unwrap();
    assert_eq!(levels.len(), options.outputs.len());
    for (level, output) in levels.iter().zip(&options.outputs) {
        assert_eq!(level.shape()[0], 3);
        assert_eq!(level.shape()[1..], output.shape);
    }
    assert_eq!(network.take_warnings(), [""; 0]);
}

/// In protocol buffers, fields behind a message are merged into it: here a graph
/// with one more initializer, a float named `unused` that no node reads.
#[test]
fn a_warning_of_onnx_runtime_reaches_the_caller() {
    let bundle = Bundle::open(&tiny_bundle()).unwrap();
    let mut onnx = bundle.network_onnx().to_vec();
    onnx.extend(b"\x3a\x14\x2a\x12\x08\x01\x10\x01\x42\x06unused\x4a\x04\0\0\0\0");
    let network = Network::new(&onnx_runtime(), &onnx, &options(&bundle)).unwrap();
    let warnings = network.take_warnings();
    assert!(
        warnings.iter().any(|warning| warning.contains("unused")),
        "{warnings:?}"
    );
    assert_eq!(network.take_warnings(), [""; 0]);
}

#[test]
fn a_network_of_another_shape_is_refused() {
    let bundle = Bundle::open(&tiny_bundle()).unwrap();
    let right = options(&bundle);
    let mut channels = right.clone();
    channels.outputs[1].shape[2] += 1;
    let mut fewer = right.clone();
    fewer.outputs.pop();
    let mut height = right;
    height.input_shape[1] += 1;
    for (outlet, wrong) in [("output", channels), ("output", fewer), ("input", height)] {
        let error = Network::new(&onnx_runtime(), bundle.network_onnx(), &wrong).unwrap_err();
        assert!(error.to_string().contains(outlet), "{error}");
        assert!(matches!(error, NetworkError::Signature { .. }));
    }
}

#[test]
fn bytes_that_are_no_network_are_refused_with_the_runtimes_own_words() {
    let bundle = Bundle::open(&tiny_bundle()).unwrap();
    let error = Network::new(&onnx_runtime(), b"not onnx", &options(&bundle)).unwrap_err();
    assert!(matches!(error, NetworkError::Open(_)));
    assert!(!error.source().unwrap().to_string().is_empty());
}

#[test]
fn a_picture_of_the_wrong_size_for_the_network_fails_without_harm() {
    let bundle = Bundle::open(&tiny_bundle()).unwrap();
    let mut network =
        Network::new(&onnx_runtime(), bundle.network_onnx(), &options(&bundle)).unwrap();
    let error = network.run(&Array4::zeros((1, 3, 5, 5))).unwrap_err();
    assert!(!error.to_string().is_empty());
}
