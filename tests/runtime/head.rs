//! The head as part of the network's graph, beside the one of the runtime.

use cfa_runtime::bundle::{BundleParts, write_bundle};
use cfa_runtime::calibration::DecisionOptions;
use cfa_runtime::inspector::{InspectError, OpenError};
use cfa_runtime::ndarray::{Array2, Axis, concatenate, stack};
use cfa_runtime::training_support::Network;
use cfa_runtime::training_support::cfa::anomaly_map::Border;
use cfa_runtime::training_support::cfa::head::HeadError;
use cfa_runtime::training_support::cfa::memory_bank::NeighborsError;
use cfa_runtime::training_support::cfa::onnx::with_head;
use cfa_runtime::training_support::onnx::FileError;
use cfa_runtime::verify::replay;
use cfa_runtime::{
    Bundle, Cancellation, HeadPlacement, Inspection, Inspector, InspectorOptions, Model, Picture,
    Provider,
};

use crate::harness::{Folder, cfa_run, drawing, onnx_runtime, predict, tiny_bundle};

/// The tolerance, relative to the map's maximum. Both ways compute the same sums in `f32`, in another order: a
/// distance is rounded to about √D · 6e-8 of itself, the descriptors before it by as much.
/// Seen: 1.4e-6, and 1.1e-6 in OpenVINO.
const TOLERANCE: f32 = 1e-5;

fn tiny() -> Bundle {
    Bundle::open(&tiny_bundle()).unwrap()
}

/// The tiny bundle with something changed, without golden samples.
fn changed(change: impl FnOnce(&mut BundleParts)) -> Bundle {
    let mut parts = tiny().into_parts();
    parts.golden.clear();
    parts.manifest.golden.clear();
    change(&mut parts);
    parts.manifest.settings.memory_bank.centroids = parts.tensors.memory_bank.nrows();
    let path = Folder::new().at("changed.cfa");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    write_bundle(&path, parts).unwrap();
    Bundle::open(&path).unwrap()
}

fn opened(bundle: &Bundle, head: HeadPlacement) -> Result<Inspector, OpenError> {
    let options = InspectorOptions {
        threads: Some(2),
        head,
        decision: DecisionOptions {
            threshold: Some(0.1),
            ..DecisionOptions::default()
        },
        ..InspectorOptions::default()
    };
    Inspector::from_bundle(bundle.clone(), &onnx_runtime(), &options)
}

fn both(bundle: &Bundle) -> [Inspector; 2] {
    [HeadPlacement::Host, HeadPlacement::Graph].map(|head| opened(bundle, head).unwrap())
}

fn picture(width: u32, height: u32, pixel: impl FnMut(usize) -> u8) -> Picture {
    let samples = (0..width as usize * height as usize * 3).map(pixel);
    Picture::from_rgb8(width, height, samples.collect()).unwrap()
}

/// A drawing, flat ones, noise, a single pixel, and a long one.
fn pictures() -> Vec<Picture> {
    let mut state = 1_u32;
    let noise = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    vec![
        Picture::from_rgb8(90, 81, drawing(90, 81, 4).into_raw()).unwrap(),
        picture(64, 64, |_| 0),
        picture(30, 50, |_| 128),
        picture(72, 72, |_| 255),
        picture(100, 70, noise),
        picture(1, 1, |_| 77),
        picture(200, 20, |i| (i % 251) as u8),
    ]
}

/// Largest difference of the maps and of the scores, as a share of the map's maximum.
#[track_caller]
fn difference(found: &Inspection, expected: &Inspection) -> f32 {
    let pairs = found.map.values.iter().zip(&expected.map.values);
    let apart = pairs.map(|(a, b)| (a - b).abs());
    let apart = apart.chain([(found.score - expected.score).abs()]);
    let largest = apart.fold(0.0, |most: f32, d| if d <= most { most } else { d });
    largest / expected.score
}

#[track_caller]
fn assert_same(bundle: &Bundle, name: &str) {
    let [mut host, mut graph] = both(bundle);
    for (number, picture) in pictures().iter().enumerate() {
        let expected = host.inspect(picture).unwrap();
        let found = graph.inspect(picture).unwrap();
        let error = difference(&found, &expected);
        assert!(
            error <= TOLERANCE,
            "{name}, picture {number}: {error:e} of the maximum {}",
            expected.score
        );
        assert_eq!(found.picture_size, expected.picture_size);
        let decision = |one: &Inspection| one.verdict.unwrap().decision;
        assert_eq!(decision(&found), decision(&expected));
    }
    assert_eq!(graph.take_warnings(), [""; 0]);
}

#[test]
fn every_picture_gives_the_map_of_the_host() {
    assert_same(&tiny(), "tiny");
}

#[test]
fn every_setting_of_the_head_is_followed() {
    let centroids = tiny().manifest().settings.memory_bank.centroids;
    for neighbors in [1, 2, 7, centroids - 2, centroids] {
        let bundle = changed(|parts| parts.manifest.settings.score.neighbors = neighbors);
        assert_same(&bundle, &format!("K = {neighbors}"));
    }
    for (sigma, border) in [(1.0, Border::Mirror), (6.5, Border::MirrorRepeatEdge)] {
        let bundle = changed(|parts| {
            parts.manifest.settings.anomaly_map.sigma = sigma;
            parts.manifest.settings.anomaly_map.border = border;
        });
        assert_same(&bundle, &format!("sigma {sigma}"));
    }
    let without = changed(|parts| parts.tensors.coordinates.fill(0.0));
    assert_same(&without, "no coordinates");
}

#[test]
fn banks_with_ties_give_the_map_of_the_host() {
    let bank = tiny().into_parts().tensors.memory_bank;
    let copies = |count: usize| {
        let views = vec![bank.view(); count];
        concatenate(Axis(0), &views).unwrap()
    };
    let single = bank.slice_axis(Axis(0), (0..1).into()).to_owned();
    let origin = Array2::zeros((12, bank.ncols()));
    // One step of rounding apart, ten times.
    let near = concatenate(
        Axis(0),
        &(0..10)
            .map(|i| &bank * (1.0 + i as f32 * f32::EPSILON))
            .collect::<Vec<_>>()
            .iter()
            .map(|rows| rows.view())
            .collect::<Vec<_>>(),
    )
    .unwrap();
    for (name, bank) in [
        ("twice", copies(2)),
        ("nine times", copies(9)),
        ("one centroid", single),
        ("all at the origin", origin),
        ("near ties", near),
    ] {
        let bundle = changed(|parts| {
            parts.manifest.settings.score.neighbors = bank.nrows().min(3);
            parts.tensors.memory_bank = bank;
        });
        assert_same(&bundle, name);
    }
}

#[test]
fn results_say_where_the_head_was_computed() {
    let [mut host, mut graph] = both(&tiny());
    let picture = &pictures()[0];
    let (expected, found) = (
        host.inspect(picture).unwrap(),
        graph.inspect(picture).unwrap(),
    );
    let of = |one: &Inspection| one.head;
    assert_eq!(
        [of(&expected), of(&found)],
        [HeadPlacement::Host, HeadPlacement::Graph]
    );
    assert_eq!((host.head(), graph.head()), (of(&expected), of(&found)));
    let (a, b) = (expected.peak, found.peak);
    assert!(
        (a.x_px - b.x_px).hypot(a.y_px - b.y_px) < 1e-9,
        "{a:?} {b:?}"
    );
    let times = found.stages;
    assert!(times.network_ms > 0.0, "{times:?}");
    assert!(times.neighbors_ms.to_bits() == 0 && times.map_ms < times.network_ms);
    assert!(expected.stages.neighbors_ms > 0.0);
}

#[test]
fn recorded_results_are_reproduced() {
    for mut inspector in both(&tiny()) {
        let report = replay(&mut inspector).unwrap();
        assert!(report.ok(), "{report:?}");
    }
}

/// The same bits, because ONNX Runtime computes the pictures of a batch one by one.
#[test]
fn a_batch_gives_what_its_pictures_give() {
    let model = Model::from_bundle(tiny()).unwrap();
    let (onnx, map) = with_head(tiny().network_onnx(), model.head()).unwrap();
    let mut options = model.manifest().network_options(Provider::Cpu, 2);
    options.outputs = vec![map];
    let mut network = Network::new(&onnx_runtime(), &onnx, &options).unwrap();
    let recipe = &model.manifest().preprocessing;
    let inputs: Vec<_> = pictures()[3..6]
        .iter()
        .map(|picture| recipe.apply(picture).unwrap())
        .collect();
    let views: Vec<_> = inputs.iter().map(|input| input.view()).collect();
    let batch = network.run(&stack(Axis(0), &views).unwrap()).unwrap();
    assert_eq!(batch.all().unwrap()[0].dim(), (3, 1, 64, 64));
    for (index, input) in inputs.into_iter().enumerate() {
        let alone = network.run(&input.insert_axis(Axis(0))).unwrap();
        let [alone, one] = [(&alone, 0), (&batch, index)]
            .map(|(run, index)| run.picture(index).unwrap().remove(0));
        assert_eq!(alone.mapv(f32::to_bits), one.mapv(f32::to_bits));
    }
}

#[test]
fn a_cancelled_inspection_is_given_up() {
    let [_, mut graph] = both(&tiny());
    let picture = &pictures()[0];
    let cancellation = Cancellation::new();
    let before = graph.inspect_cancellable(picture, &cancellation).unwrap();
    cancellation.cancel();
    let refused = graph.inspect_cancellable(picture, &cancellation);
    assert!(matches!(refused, Err(InspectError::Cancelled)));
    assert_eq!(graph.inspect(picture).unwrap().map, before.map);
}

/// The network's last weights as NaN: both heads refuse what comes of them.
#[test]
fn values_that_are_no_numbers_are_an_error_in_both() {
    let bundle = changed(|parts| {
        let place = parts.network_onnx.windows(4).rposition(|bytes| {
            let value = f32::from_le_bytes(bytes.try_into().unwrap()).abs();
            (1e-3..0.5).contains(&value)
        });
        parts.network_onnx[place.unwrap()..][..4].copy_from_slice(&f32::NAN.to_le_bytes());
    });
    let [mut host, mut graph] = both(&bundle);
    for picture in &pictures()[..2] {
        assert!(matches!(
            host.inspect(picture),
            Err(InspectError::Head(HeadError::Neighbors(
                NeighborsError::NotFinite { .. }
            )))
        ));
        let error = graph.inspect(picture).unwrap_err();
        assert!(
            matches!(error, InspectError::Head(HeadError::NotFinite)),
            "{error}"
        );
    }
}

#[track_caller]
fn refusal(onnx: Vec<u8>) -> String {
    let bundle = changed(|parts| parts.network_onnx = onnx);
    match opened(&bundle, HeadPlacement::Graph) {
        Err(error @ OpenError::Graph(FileError::Decode(_) | FileError::Foreign { .. })) => {
            error.to_string()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_network_that_is_not_ours_is_refused() {
    let onnx = tiny().network_onnx().to_vec();
    assert!(refusal(b"not onnx".to_vec()).contains("no ONNX file"));
    assert!(refusal(onnx[..onnx.len() / 2].to_vec()).contains("no ONNX file"));
    // An empty message is a model without a graph.
    assert!(refusal(b"\x08\x08".to_vec()).contains("no graph"));
    // A field that is not read: documentation of the model.
    let documented = [&onnx[..], b"\x32\x02hi"].concat();
    assert!(refusal(documented).contains("does not write"));
    let renamed = |from: &[u8], to: &[u8]| {
        let mut onnx = onnx.clone();
        let places: Vec<_> = (0..onnx.len() - from.len())
            .filter(|&at| onnx[at..].starts_with(from))
            .collect();
        assert!(!places.is_empty());
        for at in places {
            onnx[at..at + from.len()].copy_from_slice(to);
        }
        onnx
    };
    assert!(refusal(renamed(b"level3", b"levelx")).contains("other names"));
    assert!(refusal(renamed(b"input", b"putin")).contains("other names"));
    assert!(refusal(renamed(b"value_", b"cfa_u_")).contains("names of the parts around"));
}

/// Whatever bytes: an answer, and no panic.
#[test]
fn damaged_networks_never_panic() {
    let model = Model::from_bundle(tiny()).unwrap();
    let onnx = tiny().network_onnx().to_vec();
    let mut refused = 0;
    for place in (0..onnx.len()).step_by(29) {
        let mut flipped = onnx.clone();
        flipped[place] ^= 1 << (place % 8);
        refused += usize::from(with_head(&flipped, model.head()).is_err());
        assert!(with_head(&onnx[..place], model.head()).is_err(), "{place}");
    }
    assert!(refused > 0);
}

#[test]
fn the_program_takes_it_and_says_so() {
    let folder = Folder::new();
    let picture = folder.draw("disc.png", 90, 70, 1);
    let path = picture.to_str().unwrap();
    let score = |line: &serde_json::Value| line["score"].as_f64().unwrap();
    let host = &predict(["--json", path]).fine()[0];
    let graph = &predict(["--json", "--head", "graph", path]).fine()[0];
    assert_eq!(
        (&host["head"], &graph["head"]),
        (&"host".into(), &"graph".into())
    );
    let apart = (score(host) - score(graph)).abs();
    assert!(apart <= f64::from(TOLERANCE) * score(host), "{apart}");
    let table = predict(["--head", "graph", path]).stdout();
    let row = table.lines().last().unwrap();
    assert!(row.ends_with("  cpu, with the head"), "{table}");
    predict(["--head", "gpu", path]).refused(&["\"gpu\"", "host or graph"]);

    let bundle = tiny_bundle();
    let bundle = bundle.to_str().unwrap();
    for line in cfa_run(["verify", bundle, "--json", "--head", "graph"]).fine() {
        assert_eq!(
            (&line["head"], &line["ok"]),
            (&"graph".into(), &true.into())
        );
    }
    let bench = [
        "bench", "--model", bundle, "--rounds", "2", "--head", "graph",
    ];
    let report = &cfa_run(bench.into_iter().chain(["--json"])).fine()[0];
    assert_eq!(report["head"], "graph");
    assert_eq!(report["milliseconds"]["neighbors"]["p99"], 0.0);
    let text = cfa_run(bench).stdout();
    assert!(text.contains("the head: graph"), "{text}");
}

/// The descriptors of a picture, one a row.
fn descriptors(picture: &Picture) -> Array2<f32> {
    let model = Model::from_bundle(tiny()).unwrap();
    let options = model.manifest().network_options(Provider::Cpu, 1);
    let mut network = Network::new(&onnx_runtime(), tiny().network_onnx(), &options).unwrap();
    let input = model.manifest().preprocessing.apply(picture).unwrap();
    let levels = network.run(&input.insert_axis(Axis(0))).unwrap();
    let levels = levels.picture(0).unwrap();
    model.head().descriptors(&levels).unwrap()
}

/// Every position has a centroid of its own and three 3e-3 beside it. Far centroids make
/// lengths so large that the product's rounding (6e-8 · 100) hides differences of (3e-3)², so
/// that only the differences tell the four apart: the wrong one would give 3e-3.
#[test]
fn the_nearest_is_found_among_those_that_the_product_cannot_tell_apart() {
    let picture = &pictures()[4];
    let exact = descriptors(picture);
    let beside = |channel: usize| {
        let mut moved = exact.clone();
        moved.column_mut(channel).mapv_inplace(|value| value + 3e-3);
        moved
    };
    let mut far = Array2::zeros(exact.dim());
    far.column_mut(3).fill(20.0);
    let groups = [
        beside(0),
        beside(1),
        exact.clone(),
        beside(2),
        far.clone(),
        far,
    ];
    let views: Vec<_> = groups.iter().map(|rows| rows.view()).collect();
    let bundle = changed(|parts| {
        parts.manifest.settings.score.neighbors = 1;
        parts.tensors.memory_bank = concatenate(Axis(0), &views).unwrap();
    });
    let [host, graph] = both(&bundle).map(|mut one| one.inspect(picture).unwrap().score);
    assert!(host < 1e-6 && graph < 3e-5, "{host:e} {graph:e}");
}
