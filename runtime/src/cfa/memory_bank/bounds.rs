//! Upper limits of `φ·c − ½|c|²` for all centroids, and what they leave.

use pulp::Simd;

use super::axes::{BankAxes, PANEL};

/// Positions that are bounded together.
pub(super) const GROUP: usize = 6;
/// Vectors of each position that are summed side by side.
const WIDTH: usize = 2;

/// One coordinate of each position of a group.
pub(super) type Group = [f32; GROUP];

/// For each of [`GROUP`] positions one value a centroid, into its row of `values`, which
/// has [`BankAxes::places`] columns. `queries` has the first axes of all positions, one
/// after the other, then the norms of the rest.
#[inline(always)]
pub(super) fn bounds<S: Simd>(simd: S, axes: &BankAxes, queries: &[Group], values: &mut [f32]) {
    let mut rest = values;
    // Panics where `values` is too short.
    let mut row = || {
        let (row, after) = std::mem::take(&mut rest).split_at_mut(axes.places());
        rest = after;
        row
    };
    let mut rows: [&mut [f32]; GROUP] = [row(), row(), row(), row(), row(), row()];
    for (number, (panel, offsets)) in axes.panels().enumerate() {
        let step = WIDTH * S::F32_LANES;
        for part in (0..PANEL).step_by(step) {
            let mut sums = [[simd.splat_f32s(0.0); WIDTH]; GROUP];
            let (offsets, _) = S::as_simd_f32s(&offsets[part..part + step]);
            for sum in &mut sums {
                sum.copy_from_slice(offsets);
            }
            for (lanes, queries) in panel.as_chunks::<PANEL>().0.iter().zip(queries) {
                let (lanes, _) = S::as_simd_f32s(&lanes[part..part + step]);
                for (sum, &query) in sums.iter_mut().zip(queries) {
                    let query = simd.splat_f32s(query);
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
/// interleaved parts of the row. Any centroids would do to start from. Fewer than
/// `count` where there are not so many parts.
#[inline(always)]
pub(super) fn promising<S: Simd>(
    simd: S,
    values: &[f32],
    count: usize,
    found: &mut Vec<(f32, u32)>,
) {
    found.clear();
    let (vectors, _) = S::as_simd_f32s(values);
    let parts = 2 * S::F32_LANES;
    let segments = (2 * count).div_ceil(parts);
    let length = vectors.len().div_ceil(segments).next_multiple_of(2);
    for (segment, vectors) in vectors.chunks(length).enumerate() {
        largest_of_parts(simd, segment * length, vectors, count, found);
    }
}

/// The largest value of each lane of every other vector, with its number.
#[inline(always)]
fn largest_of_parts<S: Simd>(
    simd: S,
    first: usize,
    vectors: &[S::f32s],
    count: usize,
    found: &mut Vec<(f32, u32)>,
) {
    let mut largest = [simd.splat_f32s(f32::NEG_INFINITY); 2];
    let mut steps = [simd.splat_u32s(0); 2];
    let (pairs, _) = vectors.as_chunks::<2>();
    for (step, pair) in (0_u32..).zip(pairs) {
        let step = simd.splat_u32s(step);
        for ((largest, at), vector) in largest.iter_mut().zip(&mut steps).zip(pair) {
            let larger = simd.greater_than_f32s(*vector, *largest);
            *largest = simd.select_f32s(larger, *vector, *largest);
            *at = simd.select_u32s(larger, step, *at);
        }
    }
    let values = pulp::bytemuck::cast_slice::<S::f32s, f32>(&largest);
    let steps = pulp::bytemuck::cast_slice::<S::u32s, u32>(&steps);
    for (part, (&value, &step)) in values.iter().zip(steps).enumerate() {
        let number = first * S::F32_LANES + step as usize * values.len() + part;
        keep_largest((value, number as u32), count, found);
    }
}

/// Keeps `count` entries, the largest first.
#[inline(always)]
fn keep_largest(entry: (f32, u32), count: usize, found: &mut Vec<(f32, u32)>) {
    if found.len() < count {
        found.push(entry);
    } else if let Some(last) = found.last_mut().filter(|last| entry.0 > last.0) {
        *last = entry;
    } else {
        return;
    }
    let mut place = found.len() - 1;
    while place > 0 && found[place - 1].0 < found[place].0 {
        found.swap(place - 1, place);
        place -= 1;
    }
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

/// Appends the numbers of those of a few values that reach `limit`, without a branch for each.
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
