//! From the levels of the network to descriptors, as the runtime puts them together.

use cfa_runtime::bundle::{Bundle, level_name};
use cfa_runtime::head::coordinate;

use super::super::message::{ints, string};
use super::nodes::Nodes;

/// Name of the result: batch×D×h×w.
pub(super) const OUTPUT: &str = "cfa_descriptors";

/// Upsamples the levels, fills them up to all channels and adds them to the share of
/// the coordinates.
pub(super) fn write(nodes: &mut Nodes, bundle: &Bundle) {
    let shape = &bundle.manifest.descriptor;
    let (h, w, channels) = (shape.feature_height, shape.feature_width, shape.channels);
    let [rows, columns] = coordinates(bundle);
    let rows = nodes.floats("row_coordinates", &[1, channels, h, 1], &rows);
    let columns = nodes.floats("column_coordinates", &[1, channels, 1, w], &columns);
    let mut sum = nodes.apply("Add", &[&rows, &columns], "coordinates", vec![]);
    for (number, level) in shape.levels.iter().enumerate() {
        let named = |part: &str| format!("level_{number}_{part}");
        let first = vec![ints("perm", &[0, 3, 1, 2])];
        let mut maps = nodes.apply("Transpose", &[&level_name(number)], &named("maps"), first);
        if (level.height, level.width) != (h, w) {
            maps = upsampled(nodes, &maps, [level.channels, h, w], &named("upsampled"));
        }
        if level.channels < channels {
            let missing = nodes.ints(
                &named("missing"),
                &[0, 0, 0, 0, 0, channels - level.channels, 0, 0],
            );
            maps = nodes.apply("Pad", &[&maps, &missing], &named("filled"), vec![]);
        }
        let last = number + 1 == shape.levels.len();
        let name = if last {
            "descriptors".to_owned()
        } else {
            named("sum")
        };
        sum = nodes.apply("Add", &[&sum, &maps], &name, vec![]);
    }
}

/// Bilinear, to channels × height × width; the batch stays.
fn upsampled(nodes: &mut Nodes, maps: &str, [c, h, w]: [usize; 3], name: &str) -> String {
    let batch = nodes.apply("Shape", &[maps], &format!("{name}_from"), vec![]);
    let zero = nodes.ints("batch_axis", &[0]);
    let batch = nodes.apply("Gather", &[&batch, &zero], &format!("{name}_batch"), vec![]);
    let size = nodes.ints(&format!("{name}_size"), &[c, h, w]);
    let axis = vec![super::super::message::int("axis", 0)];
    let size = nodes.apply("Concat", &[&batch, &size], &format!("{name}_to"), axis);
    let attributes = vec![
        string("mode", "linear"),
        string("coordinate_transformation_mode", "half_pixel"),
    ];
    nodes.apply("Resize", &[maps, "", "", &size], name, attributes)
}

/// What the coordinates add: channels × rows and channels × columns, zeros where they
/// do not reach.
fn coordinates(bundle: &Bundle) -> [Vec<f32>; 2] {
    let shape = &bundle.manifest.descriptor;
    let weights = bundle.coordinates();
    let along = |axis: usize, steps: usize| {
        let weight = |channel: usize| weights.get((axis, channel)).copied().unwrap_or(0.0);
        let values = (0..shape.channels).flat_map(|c| (0..steps).map(move |i| (c, i)));
        values
            .map(|(c, i)| weight(c) * coordinate(i, steps))
            .collect()
    };
    [
        along(0, shape.feature_height),
        along(1, shape.feature_width),
    ]
}
