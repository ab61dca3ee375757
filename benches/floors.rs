//! Measures the limits of this machine: multiplications a second, and bytes a second from
//! memory. The floor of a stage is its own count divided by these (`docs/PERFORMANCE.md`).

#![allow(missing_docs, reason = "criterion's macros make public functions")]
#![allow(clippy::expect_used, reason = "a bench that cannot start should stop")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// Steps of one measured call, on each thread.
const STEPS: usize = 1 << 20;
/// Independent sums, enough to hide the latency of two units.
const SUMS: usize = 12;
/// This is far more than the caches hold.
const BYTES: usize = 1 << 28;

fn on<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.expect("threads start").install(work)
}

/// Multiplies and adds in registers only.
struct Multiply;

impl WithSimd for Multiply {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let [factor, mut total] = [0.999, 0.0].map(|value| simd.splat_f32s(value));
        let mut sums = [simd.splat_f32s(black_box(1.0)); SUMS];
        for _step in 0..STEPS {
            for sum in &mut sums {
                *sum = simd.mul_add_e_f32s(*sum, factor, factor);
            }
        }
        for sum in sums {
            total = simd.add_f32s(total, sum);
        }
        simd.reduce_sum_f32s(total)
    }
}

/// Values of one vector on this processor.
struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    fn with_simd<S: Simd>(self, _simd: S) -> usize {
        S::F32_LANES
    }
}

fn operations(criterion: &mut Criterion) {
    let arch = Arch::new();
    let lanes = arch.dispatch(Lanes);
    let mut group = criterion.benchmark_group("f32-operations");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(2));
    for threads in [1, 2] {
        let each = 2 * STEPS * SUMS * lanes;
        group.throughput(Throughput::Elements((threads * each) as u64));
        group.bench_function(format!("{threads}-threads"), |bencher| {
            on(threads, || {
                bencher.iter(|| {
                    rayon::broadcast(|_| black_box(arch.dispatch(Multiply)));
                });
            });
        });
    }
    group.finish();
}

fn memory(criterion: &mut Criterion) {
    let values = vec![1.0_f32; BYTES / size_of::<f32>()];
    let mut copy = values.clone();
    let mut group = criterion.benchmark_group("memory");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(2));
    for threads in [1, 2] {
        let part = values.len() / threads;
        group.throughput(Throughput::Bytes(BYTES as u64));
        group.bench_function(format!("read/{threads}-threads"), |bencher| {
            on(threads, || {
                bencher.iter(|| {
                    let parts = values.par_chunks(part);
                    parts.for_each(|part| {
                        black_box(Arch::new().dispatch(Read(part)));
                    });
                });
            });
        });
        group.throughput(Throughput::Bytes(2 * BYTES as u64));
        group.bench_function(format!("copy/{threads}-threads"), |bencher| {
            on(threads, || {
                bencher.iter(|| {
                    let parts = copy.par_chunks_mut(part).zip(values.par_chunks(part));
                    parts.for_each(|(to, from)| to.copy_from_slice(from));
                });
            });
        });
    }
    group.finish();
}

/// Adds all values up.
struct Read<'a>(&'a [f32]);

impl WithSimd for Read<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let (vectors, _) = S::as_simd_f32s(self.0);
        let mut sums = [simd.splat_f32s(0.0); 4];
        for four in vectors.as_chunks::<4>().0 {
            for (sum, vector) in sums.iter_mut().zip(four) {
                *sum = simd.add_f32s(*sum, *vector);
            }
        }
        let mut total = simd.splat_f32s(0.0);
        for sum in sums {
            total = simd.add_f32s(total, sum);
        }
        simd.reduce_sum_f32s(total)
    }
}

criterion_group!(benches, operations, memory);
criterion_main!(benches);
