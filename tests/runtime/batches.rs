//! Several pictures through the network in one run.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;

use cfa_runtime::inspector::{InspectError, OpenError};
use cfa_runtime::training_support::onnx::proto::ModelProto;
use cfa_runtime::training_support::onnx::proto::tensor_shape_proto::dimension::Value;
use cfa_runtime::training_support::onnx::proto::type_proto::Value::TensorType;
use cfa_runtime::{Bundle, HeadPlacement, Inspection, Inspector, InspectorOptions, Model};
use prost::Message;

use crate::harness::{Folder, onnx_runtime, predict, tiny_bundle};
use crate::library::assert_same_bits;

/// How often the pictures may come too slowly to fill a batch.
const PATIENCE: usize = 100;

fn model() -> Model {
    Model::open(&tiny_bundle()).unwrap()
}

fn opened(
    model: &Model,
    head: HeadPlacement,
    batch: Option<usize>,
) -> Result<Inspector, OpenError> {
    let options = InspectorOptions {
        threads: Some(2),
        head,
        batch,
        ..InspectorOptions::default()
    };
    Inspector::new(model, &onnx_runtime(), &options)
}

/// Eleven pictures of different sizes; a broken and a missing one are among them.
fn pictures(folder: &Folder) -> Vec<PathBuf> {
    let drawn = |seed| folder.draw(&format!("in/{seed:02}.png"), 60 + 31 * (seed % 5), 64, seed);
    let mut paths: Vec<_> = (0..9).map(drawn).collect();
    paths.insert(1, folder.write("in/broken.png", b"no picture"));
    paths.insert(2, folder.at("in/none.png"));
    paths
}

type Each = Vec<(PathBuf, Result<Inspection, InspectError>)>;

fn each(inspector: &mut Inspector, paths: &[PathBuf]) -> Each {
    inspector.inspect_each(paths.to_vec()).unwrap().collect()
}

/// The largest batch that was made.
fn largest(inspections: &Each) -> usize {
    let good = inspections.iter().flat_map(|(_path, one)| one);
    good.map(|one| one.batch).max().unwrap()
}

#[track_caller]
fn assert_same_results(found: &Each, expected: &Each) {
    assert_eq!(found.len(), expected.len());
    for ((path, found), (same_path, expected)) in found.iter().zip(expected) {
        assert_eq!(path, same_path);
        match (found, expected) {
            (Ok(found), Ok(expected)) => {
                assert_same_bits(found, expected);
                assert_eq!(found.picture_size, expected.picture_size);
                assert!(found.stages.network_ms > 0.0);
            }
            (Err(found), Err(expected)) => assert_eq!(found.to_string(), expected.to_string()),
            (found, expected) => panic!("{}: {found:?}, not {expected:?}", path.display()),
        }
    }
}

/// To the bit on the processor: ONNX Runtime's kernels compute each picture of a batch by
/// itself. 4 leaves a smaller last batch, 16 has room for more than there are.
#[test]
fn batches_give_the_bits_of_one_by_one() {
    let folder = Folder::new();
    let (model, paths) = (model(), pictures(&folder));
    for head in [HeadPlacement::Host, HeadPlacement::Graph] {
        let expected = each(&mut opened(&model, head, None).unwrap(), &paths);
        assert_eq!(largest(&expected), 1);
        for (batch, fewest, most) in [(2, 2, 2), (4, 4, 4), (16, 5, 9)] {
            let mut inspector = opened(&model, head, Some(batch)).unwrap();
            assert_eq!(inspector.batch(), batch);
            let filled = (0..PATIENCE).any(|_time| {
                let found = each(&mut inspector, &paths);
                assert_same_results(&found, &expected);
                assert!(largest(&found) <= most);
                largest(&found) >= fewest
            });
            assert!(filled, "no batch of {fewest} in {PATIENCE} times");
        }
    }
}

/// The tiny bundle with a network that takes one picture a run and no more.
fn one_at_a_time() -> Model {
    let mut parts = Bundle::open(&tiny_bundle()).unwrap().into_parts();
    let mut model = ModelProto::decode(&parts.network_onnx[..]).unwrap();
    let graph = model.graph.as_mut().unwrap();
    let Some(TensorType(tensor)) = &mut graph.input[0].r#type.as_mut().unwrap().value else {
        panic!("a tensor goes in")
    };
    tensor.shape.as_mut().unwrap().dim[0].value = Some(Value::DimValue(1));
    parts.network_onnx = model.encode_to_vec();
    let folder = Folder::new();
    let path = folder.at("single.cfa");
    cfa_runtime::bundle::write_bundle(&path, parts).unwrap();
    Model::open(&path).unwrap()
}

#[test]
fn a_run_that_fails_is_done_again_picture_by_picture() {
    let folder = Folder::new();
    let paths = pictures(&folder);
    let expected = each(
        &mut opened(&model(), HeadPlacement::Host, None).unwrap(),
        &paths,
    );
    let mut single = opened(&one_at_a_time(), HeadPlacement::Host, Some(4)).unwrap();
    let found = each(&mut single, &paths);
    assert_same_results(&found, &expected);
    assert_eq!(largest(&found), 1);
}

#[test]
fn a_result_does_not_wait_for_a_batch_to_fill() {
    let folder = Folder::new();
    let (sender, paths) = channel();
    let mut inspector = opened(&model(), HeadPlacement::Host, Some(8)).unwrap();
    let mut inspections = inspector.inspect_each(paths).unwrap();
    for seed in 0..4 {
        sender.send(folder.draw("disc.png", 64, 64, seed)).unwrap();
        assert_eq!(inspections.next().unwrap().1.unwrap().batch, 1);
    }
    drop(sender);
    assert!(inspections.next().is_none());
}

/// The results of two batches wait at most, four pictures are ready for the network, and
/// the next waits for its place.
#[test]
fn pictures_are_begun_ahead_of_the_results_but_not_far() {
    let folder = Folder::new();
    let picture = folder.draw("disc.png", 64, 64, 1);
    let begun = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&begun);
    let paths = std::iter::repeat_n(picture, 100).inspect(move |_path| {
        counter.fetch_add(1, Ordering::SeqCst);
    });
    let mut inspector = opened(&model(), HeadPlacement::Host, Some(4)).unwrap();
    for (seen, (_path, inspection)) in inspector.inspect_each(paths).unwrap().enumerate() {
        assert!(inspection.is_ok());
        let ahead = begun.load(Ordering::SeqCst) - (seen + 1);
        assert!(ahead <= 2 * 4 + 4 + 1, "{ahead} pictures alive");
    }
}

#[test]
fn impossible_batches_are_refused() {
    for batch in [0, 17] {
        let error = opened(&model(), HeadPlacement::Host, Some(batch)).unwrap_err();
        assert!(error.to_string().contains("1 to 16"), "{error}");
        predict(["--batch", &batch.to_string(), "x.png"]).refused(&["--batch", "1..=16"]);
    }
}

#[test]
fn the_program_gives_the_same_lines_in_batches() {
    let folder = Folder::new();
    pictures(&folder);
    let folder = folder.at("in");
    let lines = |options: &[&str]| {
        let run = predict(options.iter().copied().chain(["--json", path(&folder)]));
        assert_eq!(run.code(), Some(2), "one of the pictures is broken");
        let mut lines = run.json_lines();
        let batches = lines.iter().filter_map(|line| line["batch"].as_u64());
        let largest = batches.max().unwrap();
        for line in &mut lines {
            let fields = line.as_object_mut().unwrap();
            fields.retain(|key, _| !["batch", "milliseconds"].contains(&key.as_str()));
        }
        (lines, largest)
    };
    let (expected, alone) = lines(&[]);
    assert_eq!((expected.len(), alone), (10, 1));
    let filled = (0..PATIENCE).any(|_time| {
        let (found, largest) = lines(&["--batch", "4"]);
        assert_eq!(found, expected);
        largest == 4
    });
    assert!(filled);
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
