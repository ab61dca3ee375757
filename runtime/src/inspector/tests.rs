//! The stages with a fake network, which needs no ONNX Runtime.

#![allow(clippy::unwrap_used, reason = "for tests only")]

use std::path::Path;
use std::sync::Arc;

use ndarray::Array3;

use super::batch::{Described, DescribedRow};
use super::intake::Prepared;
use super::{InspectError, Inspector, InspectorOptions, Model, Source};
use crate::cancellation::Cancellation;
use crate::picture::Picture;

const SIDE: u32 = 24;

fn inspector(batch: usize) -> Inspector {
    let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tiny/tiny.cfa");
    let options = InspectorOptions {
        threads: Some(2),
        batch: Some(batch),
        keep_pictures: true,
        ..InspectorOptions::default()
    };
    Inspector::with_fake_network(&Model::open(&bundle).unwrap(), &options).unwrap()
}

fn picture(seed: u32) -> Picture {
    let samples = (0..SIDE * SIDE * 3).map(|i| (i * (seed * 2 + 7) % 251) as u8);
    Picture::from_rgb8(SIDE, SIDE, samples.collect()).unwrap()
}

fn prepared(inspector: &Inspector, seeds: &[u32]) -> Prepared {
    let prepare = |&seed: &u32| {
        let frame = Source::from(Arc::new(picture(seed)));
        inspector.intake.prepare(frame, None, None).unwrap()
    };
    let mut parts = seeds.iter().map(prepare);
    let mut whole = parts.next().unwrap();
    whole.rows.extend(parts.flat_map(|part| part.rows));
    whole
}

fn levels(row: &DescribedRow) -> Vec<Array3<f32>> {
    row.outputs()
        .unwrap()
        .iter()
        .map(ndarray::ArrayBase::to_owned)
        .collect()
}

/// What the network gives for each of these pictures alone.
fn alone(inspector: &mut Inspector, seeds: &[u32]) -> Vec<Vec<Array3<f32>>> {
    let describe = |&seed: &u32| {
        let one = vec![Ok(prepared(inspector, &[seed]))];
        let one = inspector.describe(one, None).pop().unwrap().unwrap();
        levels(&one.rows[0])
    };
    seeds.iter().map(describe).collect()
}

#[test]
fn a_picture_of_several_rows_finds_its_own_in_the_runs() {
    for batch in [1, 2, 3, 16] {
        let mut inspector = inspector(batch);
        let pictures = [&[1][..], &[2, 3, 4], &[5], &[6, 7]];
        let mut given: Vec<_> = pictures
            .iter()
            .map(|seeds| Ok(prepared(&inspector, seeds)))
            .collect();
        given.insert(1, Err(InspectError::Abandoned));
        let mut described = inspector.describe(given, None);
        assert!(matches!(described.remove(1), Err(InspectError::Abandoned)));
        for (one, seeds) in described.into_iter().zip(pictures) {
            let Described { rows, times, .. } = one.unwrap();
            let found: Vec<_> = rows.iter().map(levels).collect();
            assert_eq!(found, alone(&mut inspector, seeds), "{seeds:?}");
            assert!(rows.iter().all(|row| row.by().batch <= batch));
            assert!(times.network_ms > 0.0 && times.preprocess_ms > 0.0);
        }
    }
}

/// Nothing puts rows together yet. That is an error and no map of one of them.
#[test]
fn several_rows_are_no_map_yet() {
    let mut inspector = inspector(4);
    for (seeds, is_whole) in [(&[1][..], true), (&[1, 2], false)] {
        let pictures = vec![Ok(prepared(&inspector, seeds))];
        let described = inspector.describe(pictures, None).pop().unwrap().unwrap();
        match inspector.model.finish(described, None, None, None) {
            Ok(_inspection) => assert!(is_whole),
            Err(error) => assert!(!is_whole && matches!(error, InspectError::Internal(_))),
        }
    }
}

/// A file, its bytes and its pixels, in a queue and one by one, in one queue together.
#[test]
fn every_source_gives_the_same_bits_and_its_picture() {
    let file = tempfile::Builder::new().suffix(".png").tempfile().unwrap();
    let shown = picture(3);
    shown.to_rgb8().save(file.path()).unwrap();
    let bytes = std::fs::read(file.path()).unwrap();
    let frame = Arc::new(shown);
    let sources: [Source<'static>; 3] = [
        file.path().to_owned().into(),
        Arc::<[u8]>::from(bytes.clone()).into(),
        Arc::clone(&frame).into(),
    ];
    let mut inspector = inspector(2);
    let expected = inspector.inspect(&*frame).unwrap();
    assert!(expected.picture.is_none(), "the caller has it");
    let mut all: Vec<_> = sources
        .iter()
        .map(|source| inspector.inspect(source.clone()))
        .collect();
    all.push(inspector.inspect_path(file.path()));
    all.push(inspector.inspect_bytes(&bytes));
    let queued = inspector.inspect_each(sources).unwrap();
    all.extend(queued.map(|(_source, inspection)| inspection));
    assert_eq!(all.len(), 8);
    for inspection in all {
        let inspection = inspection.unwrap();
        assert_eq!(inspection.map, expected.map);
        assert_eq!(inspection.picture.as_deref(), Some(&*frame));
    }
    let shared = inspector.inspect(Arc::clone(&frame)).unwrap().picture;
    assert!(Arc::ptr_eq(&shared.unwrap(), &frame), "not a copy");
}

#[test]
fn every_source_can_be_cancelled_alone_and_in_a_queue() {
    let mut inspector = inspector(1);
    let cancellation = Cancellation::new();
    cancellation.cancel();
    let sources: [Source<'static>; 3] = [
        Path::new("/none.png").to_owned().into(),
        Arc::<[u8]>::from([]).into(),
        Arc::new(picture(1)).into(),
    ];
    for source in sources.clone() {
        let refused = inspector.inspect_cancellable(source, &cancellation);
        assert!(matches!(refused, Err(InspectError::Cancelled)));
    }
    let queued = inspector.inspect_each_cancellable(sources, &cancellation);
    for (_source, inspection) in queued.unwrap() {
        assert!(matches!(inspection, Err(InspectError::Cancelled)));
    }
    let other = inspector.inspect_cancellable(&picture(1), &Cancellation::new());
    assert!(other.is_ok());
}

#[test]
fn a_queue_that_is_cancelled_in_its_middle_answers_for_the_rest() {
    let mut inspector = inspector(1);
    let cancellation = Cancellation::new();
    let frame = Arc::new(picture(1));
    let frames = std::iter::repeat_n(Source::from(frame), 40);
    let mut cancelled = 0;
    let queued = inspector.inspect_each_cancellable(frames, &cancellation);
    for (number, (_source, inspection)) in queued.unwrap().enumerate() {
        match inspection {
            Ok(_finished) if number == 3 => cancellation.cancel(),
            Ok(_finished) => assert!(number < 10, "the queue goes on"),
            Err(InspectError::Cancelled) => cancelled += 1,
            Err(error) => unreachable!("{error}"),
        }
    }
    assert!(cancelled >= 30, "{cancelled}");
}

/// An inspector may be moved to another thread, for instance behind a mutex.
#[test]
fn inspectors_can_be_sent_between_threads() {
    fn assert_send<T: Send>() {}
    assert_send::<Inspector>();
}

/// A model is shared by the threads that make inspectors of it.
#[test]
fn models_can_be_shared_between_threads() {
    fn assert_shareable<T: Send + Sync>() {}
    assert_shareable::<Model>();
}
