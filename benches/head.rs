//! The head at the size of a 224-pixel picture with a ResNet-18: 3136 positions,
//! 3136 centroids, 448 channels, three neighbours, a 224×224 map. Data is fixed.
//!
//! Beside each stage runs the plain way of writing it, with the full matrix of
//! distances and a two-dimensional blur, on one thread.

#![allow(missing_docs, reason = "criterion's macros make public functions")]
#![allow(clippy::expect_used, reason = "a bench that cannot start should stop")]

use std::hint::black_box;
use std::time::Duration;

use cfa_runtime::anomaly_map::{Border, GaussianBlur, softmin_scores, upsample_bilinear};
use cfa_runtime::memory_bank::MemoryBank;
use cfa_runtime::ndarray::{Array1, Array2, Axis};
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

/// Uniform in 0..1, always the same.
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

fn nearest(criterion: &mut Criterion) {
    let by_channel = noise(CHANNELS, POSITIONS, 1);
    let rows = noise(CENTROIDS, CHANNELS, 2);
    let bank = MemoryBank::new(rows.clone()).expect("the bank is finite");
    let mut group =
        criterion.benchmark_group(format!("nearest/{POSITIONS}x{CENTROIDS}x{CHANNELS}"));
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(5));
    for threads in [1, 2] {
        group.bench_function(format!("fused/{threads}-threads"), |bencher| {
            on(threads, || {
                bencher.iter(|| bank.nearest(&by_channel.t(), NEIGHBORS));
            });
        });
    }
    group.bench_function("plain/1-thread", |bencher| {
        bencher.iter(|| plain_nearest(black_box(&by_channel), &rows));
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
    let upsampled = || {
        let scores = softmin_scores(&neighbors).into_shape_with_order((side, side));
        upsample_bilinear(&scores.expect("positions form a square"), MAP)
    };
    let mut group =
        criterion.benchmark_group(format!("map/{side}x{side}-to-{}x{}", MAP.height, MAP.width));
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(5));
    for threads in [1, 2] {
        group.bench_function(format!("separable/{threads}-threads"), |bencher| {
            on(threads, || bencher.iter(|| blur.apply(&upsampled())));
        });
    }
    group.bench_function("plain/1-thread", |bencher| {
        on(1, || bencher.iter(|| plain_blur(&upsampled())));
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

criterion_group!(benches, nearest, map);
criterion_main!(benches);
