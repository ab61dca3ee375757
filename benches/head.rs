//! The head at the size of a 224-pixel picture with a ResNet-18: 3136 positions,
//! 3136 centroids, 448 channels, three neighbours, a 224×224 map. Data is fixed; the
//! centroids spread along few axes, as those of photographs do, or along all, which is
//! the worst case for bounds.
//!
//! Beside each stage runs the plain way of writing it, with the full matrix of
//! distances and a two-dimensional blur, on one thread.

#![allow(missing_docs, reason = "criterion's macros make public functions")]
#![allow(clippy::expect_used, reason = "a bench that cannot start should stop")]

use std::hint::black_box;
use std::time::Duration;

use cfa_runtime::Cancellation;
use cfa_runtime::cfa::anomaly_map::{
    Border, GaussianBlur, Smoothing, softmin_scores, upsample_bilinear,
};
use cfa_runtime::cfa::head::{Descriptors, Head, LevelShape};
use cfa_runtime::cfa::memory_bank::{
    BoundingAxes, MemoryBank, Neighbors, SearchOptions, SearchScratch,
};
use cfa_runtime::ndarray::{Array1, Array2, Array3, Axis};
use cfa_runtime::preprocess::Size;
use criterion::{Criterion, criterion_group, criterion_main};

const POSITIONS: usize = 3136;
const CENTROIDS: usize = 3136;
const CHANNELS: usize = 448;
const NEIGHBORS: usize = 3;
const MAP: Size = Size {
    height: 224,
    width: 224,
};

/// Uniform values in 0..1, the same in every run.
fn noise(rows: usize, columns: usize, seed: u32) -> Array2<f32> {
    let mut state = seed;
    Array2::from_shape_simple_fn((rows, columns), || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32
    })
}

fn on<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.expect("threads start").install(work)
}

/// Noise around 0 whose spread falls by `factor` from channel to channel. With 0.93
/// the first 64 of 448 channels carry 99 % of it, as measured on photographs.
fn spread(rows: usize, factor: f32, seed: u32) -> Array2<f32> {
    let by_channel = Array1::from_shape_fn(CHANNELS, |channel| factor.powi(channel as i32));
    (noise(rows, CHANNELS, seed) - 0.5) * &by_channel
}

fn nearest(criterion: &mut Criterion) {
    for (kind, factor) in [("few-axes", 0.93), ("all-axes", 1.0)] {
        let rows = spread(CENTROIDS, factor, 2);
        let descriptors = &rows * 0.8 + spread(POSITIONS, factor, 1) * 0.2;
        let whole = MemoryBank::new(rows.clone()).expect("the bank is finite");
        let axes = BoundingAxes {
            first: 16,
            second: 64,
        };
        let bounded = whole.clone().with_leading_axes(axes).expect("the axes fit");
        let mut group = criterion.benchmark_group(format!("nearest/{kind}"));
        group
            .sample_size(10)
            .measurement_time(Duration::from_secs(5));
        for threads in [1, 2] {
            for (name, bank) in [("bounded", &bounded), ("tiled", &whole)] {
                let (scratch, mut found) = (SearchScratch::default(), Neighbors::default());
                let options = SearchOptions {
                    cancellation: &Cancellation::new(),
                    helpers: None,
                    scratch: &scratch,
                };
                group.bench_function(format!("{name}/{threads}-threads"), |bencher| {
                    on(threads, || {
                        bencher.iter(|| {
                            bank.nearest_into(&*descriptors, NEIGHBORS, &options, &mut found)
                        });
                    });
                });
            }
        }
        let by_channel = descriptors.t().as_standard_layout().into_owned();
        group.bench_function("plain/1-thread", |bencher| {
            bencher.iter(|| plain_nearest(black_box(&by_channel), &rows));
        });
        group.finish();
    }
}

/// Upsampling and adding of the three levels of a ResNet-18, for all positions.
fn descriptors(criterion: &mut Criterion) {
    let level = |side, channels| LevelShape {
        height: side,
        width: side,
        channels,
    };
    let shapes = [level(56, 130), level(28, 258), level(14, CHANNELS)];
    let values = |shape: &LevelShape| {
        let rows = noise(shape.height * shape.width, shape.channels, 5);
        let shape = (shape.height, shape.width, shape.channels);
        Array3::from_shape_vec(shape, rows.into_iter().collect()).expect("sizes agree")
    };
    let levels: Vec<_> = shapes.iter().map(values).collect();
    let parts = Descriptors::new(shapes.to_vec(), &noise(2, 130, 6)).expect("levels fit");
    let bank = MemoryBank::new(noise(50, CHANNELS, 3)).expect("the bank is finite");
    let blur = GaussianBlur::new(4.0, Border::Mirror).expect("sigma is possible");
    let head = Head::new(bank, parts, NEIGHBORS, MAP, &blur).expect("the parts fit");
    criterion.bench_function("descriptors/1-thread", |bencher| {
        let views: Vec<_> = levels.iter().map(|level| level.view()).collect();
        bencher.iter(|| head.descriptors(&views));
    });
}

fn plain_nearest(by_channel: &Array2<f32>, bank: &Array2<f32>) -> Array2<f32> {
    let squares = |matrix: &Array2<f32>, axis| (matrix * matrix).sum_axis(Axis(axis));
    let (positions, centroids) = (squares(by_channel, 0), squares(bank, 1));
    let products = by_channel.t().dot(&bank.t());
    let distances = positions.insert_axis(Axis(1)) + &centroids - 2.0 * products;
    let mut nearest = Array2::zeros((distances.nrows(), NEIGHBORS));
    for (row, mut nearest) in distances.rows().into_iter().zip(nearest.rows_mut()) {
        let mut row = row.to_vec();
        row.select_nth_unstable_by(NEIGHBORS - 1, f32::total_cmp);
        nearest.assign(&Array1::from(row[..NEIGHBORS].to_vec()));
    }
    nearest
}

fn map(criterion: &mut Criterion) {
    let bank = MemoryBank::new(noise(50, 8, 3)).expect("the bank is finite");
    let neighbors = bank
        .nearest(&noise(POSITIONS, 8, 4), NEIGHBORS)
        .expect("all is finite");
    let blur = GaussianBlur::new(4.0, Border::Mirror).expect("sigma is possible");
    let side = POSITIONS.isqrt();
    let scores = || {
        let scores = softmin_scores(&neighbors).into_shape_with_order((side, side));
        scores.expect("positions form a square")
    };
    let positions = Size {
        height: side,
        width: side,
    };
    let smoothing = Smoothing::new(positions, MAP, &blur).expect("the blur fits");
    let mut group =
        criterion.benchmark_group(format!("map/{side}x{side}-to-{}x{}", MAP.height, MAP.width));
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(5));
    for threads in [1, 2] {
        group.bench_function(format!("bands/{threads}-threads"), |bencher| {
            on(threads, || bencher.iter(|| smoothing.apply(&scores())));
        });
    }
    group.bench_function("separable/1-thread", |bencher| {
        on(1, || {
            bencher.iter(|| blur.apply(&upsample_bilinear(&scores(), MAP)));
        });
    });
    group.bench_function("plain/1-thread", |bencher| {
        on(1, || {
            bencher.iter(|| plain_blur(&upsample_bilinear(&scores(), MAP)));
        });
    });
}

/// 33×33 taps on the inner part; what the borders would add is left out.
fn plain_blur(map: &Array2<f32>) -> Array2<f32> {
    let tap = |i: usize| (-(i as f32 - 16.0).powi(2) / 32.0).exp();
    let (height, width) = (map.nrows() - 32, map.ncols() - 32);
    let mut blurred = Array2::zeros((height, width));
    for (y, x) in (0..33).flat_map(|y| (0..33).map(move |x| (y, x))) {
        let rows = map.slice_axis(Axis(0), (y..y + height).into());
        blurred.scaled_add(
            tap(y) * tap(x),
            &rows.slice_axis(Axis(1), (x..x + width).into()),
        );
    }
    blurred
}

criterion_group!(benches, nearest, descriptors, map);
criterion_main!(benches);
