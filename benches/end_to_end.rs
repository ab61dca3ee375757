//! Measures the way from a picture file to map and score: for one picture, for a folder, and at the
//! start. The committed bundle of random weights has a small network, so that the rest shows.
//!
//! `ORT_DYLIB_PATH` names ONNX Runtime. Cargo's configuration sets it.

#![allow(missing_docs, reason = "criterion's macros make public functions")]
#![allow(clippy::expect_used, reason = "a bench that cannot start should stop")]

use std::env;
use std::path::{Path, PathBuf};

use cfa_runtime::{Inspector, InspectorOptions, OnnxRuntime};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use image::{Rgb, RgbImage};
use tempfile::TempDir;

const THREADS: usize = 2;
const PICTURES: u32 = 32;
const SIDE_PX: u32 = 256;

fn open() -> Inspector {
    let library = env::var_os("ORT_DYLIB_PATH").expect("ORT_DYLIB_PATH is set");
    let library = OnnxRuntime::load(Path::new(&library)).expect("ONNX Runtime is loaded");
    let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tiny/tiny.cfa");
    let options = InspectorOptions {
        threads: Some(THREADS),
        ..InspectorOptions::default()
    };
    Inspector::open(&bundle, &library, &options).expect("the bundle is opened")
}

fn drawn(folder: &TempDir) -> Vec<PathBuf> {
    let draw = |number: u32| {
        let path = folder.path().join(format!("{number}.png"));
        let picture = RgbImage::from_fn(SIDE_PX, SIDE_PX, |x, y| {
            Rgb([x as u8, y as u8, (x * y / (number + 1)) as u8])
        });
        picture.save(&path).expect("the picture is written");
        path
    };
    (0..PICTURES).map(draw).collect()
}

fn inspect(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("there is room for pictures");
    let (paths, mut inspector) = (drawn(&folder), open());
    let mut group = criterion.benchmark_group(format!("inspect/{PICTURES}_of_{SIDE_PX}px"));
    group.throughput(Throughput::Elements(u64::from(PICTURES)));
    group.bench_function("one_by_one", |bencher| {
        bencher.iter(|| {
            paths
                .iter()
                .filter(|path| inspector.inspect_path(path).is_ok())
                .count()
        });
    });
    group.bench_function("overlapped", |bencher| {
        bencher.iter(|| {
            let each = inspector
                .inspect_each(paths.clone())
                .expect("a thread starts");
            each.filter(|(_path, inspection)| inspection.is_ok())
                .count()
        });
    });
}

fn start(criterion: &mut Criterion) {
    criterion.bench_function("open", |bencher| bencher.iter(open));
}

criterion_group!(benches, inspect, start);
criterion_main!(benches);
