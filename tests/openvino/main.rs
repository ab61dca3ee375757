//! OpenVINO on the processor of this machine, where `cargo xtask setup --openvino` has installed
//! it. The one library in this process computes with and without it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};

use cfa_runtime::network::{Network, NetworkError, NetworkOptions, RefusalReason, survey};
use cfa_runtime::{
    Bundle, HeadPlacement, Inspection, Inspector, InspectorOptions, Model, OnnxRuntime, Picture,
    Precision, Provider, ProviderChoice, ProviderOptions,
};

fn openvino() -> Option<OnnxRuntime> {
    let library = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../.native/onnxruntime-openvino/libonnxruntime.so");
    if library.is_file() {
        return Some(OnnxRuntime::load(&library).unwrap());
    }
    eprintln!("skipped: OpenVINO is not installed; `cargo xtask setup --openvino` does that");
    None
}

fn tiny_bundle() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tiny/tiny.cfa")
}

fn inspector(runtime: &OnnxRuntime, provider: impl Into<ProviderOptions>) -> Inspector {
    inspector_with(runtime, provider, HeadPlacement::Host)
}

fn inspector_with(
    runtime: &OnnxRuntime,
    provider: impl Into<ProviderOptions>,
    head: HeadPlacement,
) -> Inspector {
    let model = Model::open(&tiny_bundle()).unwrap();
    let options = InspectorOptions {
        provider: provider.into(),
        threads: Some(2),
        head,
        ..InspectorOptions::default()
    };
    Inspector::new(&model, runtime, &options).unwrap()
}

fn refused(runtime: &OnnxRuntime, provider: ProviderOptions, onnx: &[u8]) -> NetworkError {
    let bundle = Bundle::open(&tiny_bundle()).unwrap();
    Network::new(
        runtime,
        onnx,
        &NetworkOptions::for_manifest(&bundle.manifest, provider, 1),
    )
    .unwrap_err()
}

/// The recorded pictures of the bundle.
fn pictures(inspector: &Inspector) -> Vec<Picture> {
    let records = inspector.golden_records().iter();
    records.map(|record| record.picture.clone()).collect()
}

/// The largest difference of the maps, as a share of the map's maximum.
fn difference(one: &Inspection, other: &Inspection) -> f32 {
    let pairs = one.map.values.iter().zip(&other.map.values);
    let largest = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    largest / other.map.max()
}

/// The tolerance of 1e-4 is for sums of `f32` in another order, as in the tests against libtorch.
#[test]
fn maps_agree_with_the_processor_and_name_the_provider() {
    let Some(runtime) = openvino() else { return };
    let mut cpu = inspector(&runtime, Provider::Cpu);
    let mut openvino = inspector(&runtime, Provider::OpenVino);
    assert_eq!(openvino.device(), Some("CPU"));
    assert!(openvino.refusals().is_empty());
    for picture in pictures(&cpu) {
        let (expected, found) = (
            cpu.inspect(&picture).unwrap(),
            openvino.inspect(&picture).unwrap(),
        );
        let by = |inspection: &Inspection| (inspection.provider, inspection.precision);
        assert_eq!(by(&expected), (Provider::Cpu, Precision::F32));
        assert_eq!(by(&found), (Provider::OpenVino, Precision::F32));
        let error = difference(&found, &expected);
        assert!(error <= 1e-4, "maps differ by {error} of their maximum");
    }
}

/// OpenVINO takes every node of the head, or the network would not open. The tolerance of 1e-5 is
/// for sums of `f32` in another order; the largest difference seen was 1.1e-6.
#[test]
fn the_head_in_the_graph_gives_the_same_maps() {
    let Some(runtime) = openvino() else { return };
    let mut host = inspector(&runtime, Provider::Cpu);
    let mut graph = inspector_with(&runtime, Provider::OpenVino, HeadPlacement::Graph);
    assert!(graph.refusals().is_empty());
    let flat = Picture::from_rgb8(40, 30, vec![90; 40 * 30 * 3]).unwrap();
    for picture in pictures(&host).into_iter().chain([flat]) {
        let (expected, found) = (
            host.inspect(&picture).unwrap(),
            graph.inspect(&picture).unwrap(),
        );
        assert_eq!(
            (found.provider, found.head),
            (Provider::OpenVino, HeadPlacement::Graph)
        );
        let error = difference(&found, &expected);
        assert!(error <= 1e-5, "maps differ by {error} of their maximum");
    }
}

#[test]
fn the_recorded_results_are_reproduced() {
    let Some(runtime) = openvino() else { return };
    for head in [HeadPlacement::Host, HeadPlacement::Graph] {
        let mut inspector = inspector_with(&runtime, Provider::OpenVino, head);
        let report = cfa_runtime::verify::replay(&mut inspector).unwrap();
        assert!(report.ok(), "{head}: {report:?}");
    }
}

#[test]
fn auto_selects_openvino_where_there_is_no_gpu() {
    let Some(runtime) = openvino() else { return };
    let inspector = inspector(&runtime, ProviderChoice::Auto);
    assert_eq!(inspector.provider(), Provider::OpenVino);
    let refused: Vec<Provider> = inspector.refusals().iter().map(|r| r.provider).collect();
    assert_eq!(refused, [Provider::Cuda]);
}

/// The network of the bundle with one more node and output. The node is a `Hardmax`, which
/// OpenVINO does not take. In protocol buffers, fields behind a message are merged into it.
fn with_a_node_for_the_processor(onnx: &[u8]) -> Vec<u8> {
    let mut onnx = onnx.to_vec();
    onnx.extend(b"\x3a\x2a\x0a\x18\x0a\x05input\x12\x06harder\x22\x07Hardmax");
    onnx.extend(b"\x62\x0e\x0a\x06harder\x12\x04\x0a\x02\x08\x01");
    onnx
}

#[test]
fn a_network_that_would_run_in_part_is_refused() {
    let Some(runtime) = openvino() else { return };
    let bundle = Bundle::open(&tiny_bundle()).unwrap();
    let onnx = with_a_node_for_the_processor(bundle.network_onnx());
    let error = refused(&runtime, Provider::OpenVino.into(), &onnx);
    let NetworkError::Provider { provider, reason } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(*provider, Provider::OpenVino);
    assert!(matches!(reason, RefusalReason::Partial), "{reason:?}");
    assert!(reason.to_string().contains("INT8"), "{reason}");
    // The processor takes all of it. Only the number of outputs is wrong.
    let fallback = ProviderOptions {
        allow_fallback: true,
        ..Provider::OpenVino.into()
    };
    for provider in [Provider::Cpu.into(), fallback] {
        let error = refused(&runtime, provider, &onnx);
        assert!(matches!(error, NetworkError::Signature { .. }), "{error:?}");
    }
}

#[test]
fn a_device_that_is_not_there_is_named() {
    let Some(runtime) = openvino() else { return };
    let bundle = Bundle::open(&tiny_bundle()).unwrap();
    let on = |device: &str| {
        let provider = ProviderOptions {
            device: Some(device.to_owned()),
            ..Provider::OpenVino.into()
        };
        let error = refused(&runtime, provider, bundle.network_onnx());
        let NetworkError::Provider { reason, .. } = error else {
            panic!("{error:?}")
        };
        reason
    };
    let reason = on("GPU.7");
    assert!(matches!(reason, RefusalReason::Start { .. }), "{reason:?}");
    let cause = std::error::Error::source(&reason).unwrap().to_string();
    assert!(cause.contains("GPU.7"), "{cause}");
    assert!(matches!(on("NPU"), RefusalReason::ReducedOnly { .. }));
    assert!(matches!(on("AUTO"), RefusalReason::Device { .. }));
}

#[test]
fn the_survey_finds_it_usable() {
    let Some(runtime) = openvino() else { return };
    let states = survey(&runtime);
    let usable: Vec<_> = states
        .iter()
        .filter(|state| state.usable.is_ok())
        .map(|state| state.provider)
        .collect();
    assert_eq!(usable, [Provider::Cpu, Provider::OpenVino]);
    assert!(
        states
            .iter()
            .all(|state| state.in_library == state.usable.is_ok())
    );
}

/// Without the f32 hint OpenVINO takes `bf16` where the processor has it, and results leave the
/// tolerance. This network has too few channels to show that, so only the name is checked.
/// `tests/trainer/openvino.rs` has a real network.
#[test]
fn reduced_precision_is_named() {
    let Some(runtime) = openvino() else { return };
    let reduced = ProviderOptions {
        allow_reduced_precision: true,
        ..Provider::OpenVino.into()
    };
    let mut inspector = inspector(&runtime, reduced);
    let picture = pictures(&inspector).remove(0);
    let inspection = inspector.inspect(&picture).unwrap();
    assert_eq!(
        (inspection.provider, inspection.precision),
        (Provider::OpenVino, Precision::Reduced)
    );
}
