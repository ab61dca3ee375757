//! Upper limits of `φ·c − ½|c|²` for all centroids, and what they leave.

use pulp::Simd;

use super::axes::{BankAxes, PANEL};

/// Positions that are bounded together.
pub(super) const GROUP: usize = 6;
/// Vectors of each position that are summed side by side.
const WIDTH: usize = 2;

/// For each of [`GROUP`] positions (rows of `queries`: the first axes, then the norm
/// of the rest), one value a centroid into its row of `values`, which has
/// [`BankAxes::places`] columns.
#[inline(always)]
pub(super) fn bounds<S: Simd>(simd: S, axes: &BankAxes, queries: &[f32], values: &mut [f32]) {
    let (depth, places) = (axes.counts.first + 1, axes.places());
    let mut rows = values.chunks_exact_mut(places);
    let mut row = || rows.next().unwrap_or_default();
    let mut rows: [&mut [f32]; GROUP] = [row(), row(), row(), row(), row(), row()];
    let mut columns = queries.chunks_exact(depth);
    let mut query = || columns.next().unwrap_or_default();
    let queries: [&[f32]; GROUP] = [query(), query(), query(), query(), query(), query()];
    for (number, (panel, offsets)) in axes.panels().enumerate() {
        let step = WIDTH * S::F32_LANES;
        for part in (0..PANEL).step_by(step) {
            let mut sums = [[simd.splat_f32s(0.0); WIDTH]; GROUP];
            let (offsets, _) = S::as_simd_f32s(&offsets[part..part + step]);
            for sum in &mut sums {
                sum.copy_from_slice(offsets);
            }
            for (axis, lanes) in panel.chunks_exact(PANEL).enumerate() {
                let (lanes, _) = S::as_simd_f32s(&lanes[part..part + step]);
                for (sum, query) in sums.iter_mut().zip(&queries) {
                    let query = simd.splat_f32s(query[axis]);
                    for (sum, lane) in sum.iter_mut().zip(lanes) {
                        *sum = simd.mul_add_e_f32s(query, *lane, *sum);
                    }
                }
            }
            let first = number * PANEL + part;
            for (sum, row) in sums.iter().zip(&mut rows) {
                let (row, _) = S::as_mut_simd_f32s(&mut row[first..first + step]);
                row.copy_from_slice(sum);
            }
        }
    }
}

/// Numbers of `count` centroids with large values: the largest of each of several
/// interleaved parts of the row. Any centroids would do to start from.
#[inline(always)]
pub(super) fn promising(values: &[f32], count: usize, found: &mut Vec<(f32, u32)>) {
    const PARTS: usize = 16;
    found.clear();
    let segments = count.div_ceil(PARTS / 2);
    let length = (values.len() / PARTS).div_ceil(segments) * PARTS;
    for (segment, values) in values.chunks(length).enumerate() {
        let mut largest = [f32::NEG_INFINITY; PARTS];
        let mut steps = [0_u32; PARTS];
        for (step, values) in (0_u32..).zip(values.as_chunks::<PARTS>().0) {
            for ((largest, at), &value) in largest.iter_mut().zip(&mut steps).zip(values) {
                let larger = value > *largest;
                *largest = if larger { value } else { *largest };
                *at = if larger { step } else { *at };
            }
        }
        let first = (segment * length) as u32;
        let number = |part: usize| first + steps[part] * PARTS as u32 + part as u32;
        found.extend((0..PARTS).map(|part| (largest[part], number(part))));
    }
    found.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    found.truncate(count);
}

/// Numbers of all centroids whose value is at least `limit`, ascending.
#[inline(always)]
pub(super) fn at_least<S: Simd>(simd: S, values: &[f32], limit: f32, found: &mut Vec<u32>) {
    found.clear();
    let limits = simd.splat_f32s(limit);
    let (vectors, _) = S::as_simd_f32s(values);
    let lanes = values.chunks_exact(S::F32_LANES);
    for (number, (vector, lanes)) in vectors.iter().zip(lanes).enumerate() {
        let reached = simd.greater_than_or_equal_f32s(*vector, limits);
        // Where the first one is depends on the kind of mask; that there is none does not.
        if simd.first_true_m32s(reached) < S::F32_LANES {
            append(number * S::F32_LANES, lanes, limit, found);
        }
    }
}

/// The same for a few values, without a branch for each.
#[inline(always)]
fn append(first: usize, lanes: &[f32], limit: f32, found: &mut Vec<u32>) {
    let mut hits = [0; PANEL];
    let mut count = 0;
    for (lane, &value) in lanes.iter().enumerate() {
        hits[count % PANEL] = (first + lane) as u32;
        count += usize::from(value >= limit);
    }
    found.extend_from_slice(&hits[..count.min(PANEL)]);
}
