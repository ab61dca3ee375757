//! From descriptors to the map, as [`crate::cfa::head`] computes it.

use ndarray::{ArrayView1, ArrayView2, Axis};

use crate::cfa::head::Head;
use crate::invariant::BrokenInvariant;
use crate::onnx::Nodes;
use crate::onnx::message::{int, ints};
use crate::signature::MAP;

/// Centroids looked at beyond K. The first choice rests on |c|² − 2 φ·c, whose rounding
/// may order near ties wrongly; the last one on differences, which are exact near 0.
const SPARE: usize = 4;

/// Writes the nodes from `rows`, the descriptors, to [`MAP`].
pub(super) fn write(nodes: &mut Nodes, head: &Head, rows: &str) -> Result<(), BrokenInvariant> {
    let squared = squared_distances(nodes, head, rows)?;
    let scores = softmin(nodes, &squared, head.neighbors());
    anomaly_map(nodes, &scores, head);
    Ok(())
}

/// The K smallest squared distances of every position, ascending: batch×P×K.
fn squared_distances(
    nodes: &mut Nodes,
    head: &Head,
    rows: &str,
) -> Result<String, BrokenInvariant> {
    let bank = head.bank().rows()?;
    let considered = (head.neighbors() + SPARE).min(bank.nrows());
    let places = candidates(nodes, rows, &bank, considered)?;
    let exact = differences(nodes, rows, &bank, &places, considered);
    let [nearest, _places] = nodes.smallest(&exact, head.neighbors(), "nearest");
    Ok(nearest)
}

/// Where the `count` centroids are that look nearest: batch×P×count.
///
/// Both sides are moved by the bank's mean first: that leaves distances alone and makes
/// the numbers that are subtracted from each other smaller.
fn candidates(
    nodes: &mut Nodes,
    rows: &str,
    bank: &ArrayView2<'_, f32>,
    count: usize,
) -> Result<String, BrokenInvariant> {
    let (centroids, channels) = bank.dim();
    let mean = bank.mapv(f64::from).mean_axis(Axis(0));
    let mean = mean.ok_or(BrokenInvariant("a memory bank has centroids"))?;
    // Both sides by the same numbers.
    let mean: Vec<f32> = mean.iter().map(|&value| value as f32).collect();
    let centred = bank.mapv(f64::from) - &ArrayView1::from(&mean).mapv(f64::from);
    let norms: Vec<f32> = centred
        .rows()
        .into_iter()
        .map(|c| c.dot(&c) as f32)
        .collect();
    let factors: Vec<f32> = centred
        .t()
        .iter()
        .map(|&value| (-2.0 * value) as f32)
        .collect();
    let mean = nodes.floats("bank_mean", &[channels], &mean);
    let factors = nodes.floats("bank_factors", &[channels, centroids], &factors);
    let norms = nodes.floats("bank_norms", &[centroids], &norms);
    let moved = nodes.apply("Sub", &[rows, &mean], "moved_rows", vec![]);
    let products = nodes.apply("MatMul", &[&moved, &factors], "products", vec![]);
    let order = nodes.apply("Add", &[&products, &norms], "order", vec![]);
    let [_values, places] = nodes.smallest(&order, count, "candidates");
    Ok(places)
}

/// Squared distances to the candidates as sums of squared differences: batch×P×count.
/// One candidate after the other, so that only one is in memory at a time.
fn differences(
    nodes: &mut Nodes,
    rows: &str,
    bank: &ArrayView2<'_, f32>,
    places: &str,
    count: usize,
) -> String {
    let (centroids, channels) = bank.dim();
    let values: Vec<f32> = bank.iter().copied().collect();
    let bank = nodes.floats("bank", &[centroids, channels], &values);
    let mut each = Vec::new();
    for candidate in 0..count {
        let named = |part: &str| format!("candidate_{candidate}_{part}");
        let number = nodes.int(&named("number"), candidate);
        let of_places = vec![int("axis", 2)];
        let place = nodes.apply("Gather", &[places, &number], &named("place"), of_places);
        let centroid = vec![int("axis", 0)];
        let centroid = nodes.apply("Gather", &[&bank, &place], &named("centroid"), centroid);
        let apart = nodes.apply("Sub", &[rows, &centroid], &named("apart"), vec![]);
        let last = vec![ints("axes", &[2]), int("keepdims", 1)];
        each.push(nodes.apply("ReduceSumSquare", &[&apart], &named("squared"), last));
    }
    let each: Vec<_> = each.iter().map(String::as_str).collect();
    nodes.apply("Concat", &each, "squared", vec![int("axis", 2)])
}

/// d₁ / Σ exp(d₁ − dₖ): batch×P×1.
fn softmin(nodes: &mut Nodes, squared: &str, neighbors: usize) -> String {
    let distances = nodes.apply("Sqrt", &[squared], "distances", vec![]);
    if neighbors == 1 {
        return distances;
    }
    let zero = nodes.ints("zero_axis", &[0]);
    let last = vec![int("axis", 2)];
    let first = nodes.apply("Gather", &[&distances, &zero], "first_distance", last);
    let behind = nodes.apply("Sub", &[&first, &distances], "behind", vec![]);
    let shares = nodes.apply("Exp", &[&behind], "shares", vec![]);
    let axis = nodes.ints("third_axis", &[2]);
    let keep = vec![int("keepdims", 1)];
    let sum = nodes.apply("ReduceSum", &[&shares, &axis], "shares_sum", keep);
    nodes.apply("Div", &[&first, &sum], "patch_scores", vec![])
}

/// Upsampled and blurred: batch×H×W.
fn anomaly_map(nodes: &mut Nodes, scores: &str, head: &Head) {
    let (h, w) = head.positions();
    let grid = nodes.ints("grid_shape", &[0, h, w]);
    let grid = nodes.apply("Reshape", &[scores, &grid], "grid", vec![]);
    let smoothing = head.smoothing();
    let (rows, columns) = (smoothing.rows_matrix(), smoothing.columns_matrix());
    let shape = [rows.nrows(), h];
    let rows: Vec<f32> = rows.into_iter().collect();
    let rows = nodes.floats("smooth_rows", &shape, &rows);
    let shape = [w, columns.nrows()];
    let columns: Vec<f32> = columns.t().iter().copied().collect();
    let columns = nodes.floats("smooth_columns", &shape, &columns);
    let wide = nodes.apply("MatMul", &[&grid, &columns], "wide_map", vec![]);
    nodes.name_result("MatMul", &[&rows, &wide], MAP, vec![]);
}
