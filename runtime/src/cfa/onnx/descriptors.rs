//! From the levels of the network to descriptors, as [`crate::cfa::head`] puts them together.

use crate::cfa::anomaly_map::Blend;
use crate::cfa::head::{Head, LevelShape, coordinate};
use crate::onnx::Nodes;
use crate::signature::level_name;

/// Upsamples the levels, fills them up to all channels and adds them to the share of
/// the coordinates; gives the name of the descriptors, batch × positions × channels.
pub(super) fn write(nodes: &mut Nodes, head: &Head) -> String {
    let (height, width) = head.positions();
    let channels = head.bank().channels();
    let mut sum = coordinates(nodes, head);
    for (number, &level) in head.levels().iter().enumerate() {
        let maps = upsampled(nodes, number, level, [height, width]);
        let maps = filled(nodes, &maps, number, channels - level.channels);
        let name = format!("level_{number}_sum");
        sum = nodes.apply("Add", &[&sum, &maps], &name, vec![]);
    }
    // 0 keeps the batch size.
    let rows = nodes.ints("rows_shape", &[0, height * width, channels]);
    nodes.apply("Reshape", &[&sum, &rows], "rows", vec![])
}

/// What the coordinates add: 1 × rows × columns × channels, zeros where they do not reach.
fn coordinates(nodes: &mut Nodes, head: &Head) -> String {
    let (height, width) = head.positions();
    let channels = head.bank().channels();
    let weights = head.coordinates();
    let along = |axis: usize, steps: usize| {
        let weight = |channel: usize| weights.get((axis, channel)).copied().unwrap_or(0.0);
        let values = (0..steps).flat_map(|i| (0..channels).map(move |c| (i, c)));
        let values = values.map(|(i, c)| weight(c) * coordinate(i, steps));
        values.collect::<Vec<f32>>()
    };
    let rows = along(0, height);
    let rows = nodes.floats("row_coordinates", &[1, height, 1, channels], &rows);
    let columns = along(1, width);
    let columns = nodes.floats("column_coordinates", &[1, 1, width, channels], &columns);
    nodes.apply("Add", &[&rows, &columns], "coordinates", vec![])
}

/// Bilinear upsampling as products with the weights of columns and of rows. `Resize` would
/// need its target from nodes that ask for the batch size.
fn upsampled(
    nodes: &mut Nodes,
    number: usize,
    level: LevelShape,
    [height, width]: [usize; 2],
) -> String {
    let named = |part: &str| format!("level_{number}_{part}");
    let maps = level_name(number);
    if (level.height, level.width) == (height, width) {
        return maps;
    }
    let columns = weights(level.width, width);
    let columns = nodes.floats(&named("columns"), &[width, level.width], &columns);
    let wide = nodes.apply("MatMul", &[&columns, &maps], &named("wide"), vec![]);
    let lines = nodes.ints(&named("lines"), &[0, level.height, width * level.channels]);
    let lines = nodes.apply("Reshape", &[&wide, &lines], &named("wide_lines"), vec![]);
    let rows = weights(level.height, height);
    let rows = nodes.floats(&named("rows"), &[height, level.height], &rows);
    let tall = nodes.apply("MatMul", &[&rows, &lines], &named("tall_lines"), vec![]);
    let shape = nodes.ints(&named("shape"), &[0, height, width, level.channels]);
    nodes.apply("Reshape", &[&tall, &shape], &named("upsampled"), vec![])
}

/// The weights of one direction, outputs × inputs.
fn weights(inputs: usize, outputs: usize) -> Vec<f32> {
    let mut weights = vec![0.0; inputs * outputs];
    let rows = weights.chunks_exact_mut(inputs);
    for (row, blend) in rows.zip(Blend::all(inputs, outputs)) {
        row[blend.low] += 1.0 - blend.share_of_high;
        row[blend.high] += blend.share_of_high;
    }
    weights
}

/// With so many more channels, all zero.
fn filled(nodes: &mut Nodes, maps: &str, number: usize, missing: usize) -> String {
    if missing == 0 {
        return maps.to_owned();
    }
    let named = |part: &str| format!("level_{number}_{part}");
    let around = nodes.ints(&named("missing"), &[0, 0, 0, 0, 0, 0, 0, missing]);
    nodes.apply("Pad", &[maps, &around], &named("filled"), vec![])
}
