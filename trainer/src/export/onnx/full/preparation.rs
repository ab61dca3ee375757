//! From the picture to the network's input: resize, crop, normalisation.

use cfa_runtime::Preprocessing;
use cfa_runtime::preprocess::{AspectRule, ResizeFilter, Size};
use cfa_runtime::training_support::onnx::Nodes;
use cfa_runtime::training_support::onnx::message::{int, ints};
use cfa_runtime::training_support::signature::INPUT;

use super::error::FullOnnxError;
use super::input::FullInput;
use super::resampling::{Axis, transposed};

/// Name of the value that the network reads.
pub(super) const OUTPUT: &str = "cfa_normalised";

/// Writes the nodes from [`INPUT`] to [`OUTPUT`].
///
/// Normalisation comes first: the weights of a resize sum to 1, so the order is free, and
/// `OpenVINO` 2026.4 refuses constants of three channels behind a product.
pub(super) fn write(
    nodes: &mut Nodes,
    recipe: &Preprocessing,
    input: FullInput,
) -> Result<(), FullOnnxError> {
    let resized = resized(recipe, input)?;
    let mean = nodes.floats("mean", &[1, 3, 1, 1], &recipe.parts().mean);
    let std = nodes.floats("std", &[1, 3, 1, 1], &recipe.parts().std);
    let centred = nodes.apply("Sub", &[INPUT, &mean], "centred", vec![]);
    if input == FullInput::Fixed(recipe.input_size()) && resized == recipe.input_size() {
        nodes.name_result("Div", &[&centred, &std], OUTPUT, vec![]);
        return Ok(());
    }
    let picture = nodes.apply("Div", &[&centred, &std], "picture", vec![]);
    let axes = axes(recipe, resized);
    let (row_weights, column_weights) = match input {
        FullInput::Any => weights_of_any(nodes, axes),
        FullInput::Fixed(size) => weights_of(nodes, axes, size),
    };
    let narrow = nodes.apply("MatMul", &[&picture, &column_weights], "narrow", vec![]);
    nodes.name_result("MatMul", &[&row_weights, &narrow], OUTPUT, vec![]);
    Ok(())
}

/// Size after the resize. A picture that has it already is not resampled, whatever the
/// filter; others need the one that is linear.
fn resized(recipe: &Preprocessing, input: FullInput) -> Result<Size, FullOnnxError> {
    let size = match (input, recipe.parts().aspect) {
        (FullInput::Fixed(size), _) => size,
        (FullInput::Any, AspectRule::Stretch) => recipe.parts().resize,
        (FullInput::Any, AspectRule::ShorterSide) => {
            return Err(FullOnnxError::OpenAspect);
        }
    };
    let sides = 1..=Preprocessing::MAX_SIDE_PX;
    let Size { height, width } = size;
    if !sides.contains(&height) || !sides.contains(&width) {
        return Err(FullOnnxError::InputSize { height, width });
    }
    let resized = recipe.resized(width as u32, height as u32);
    match recipe.parts().filter {
        ResizeFilter::BilinearAntialias => Ok(resized),
        ResizeFilter::Lanczos8Bit if input == FullInput::Fixed(resized) => Ok(resized),
        ResizeFilter::Lanczos8Bit => Err(FullOnnxError::Filter {
            height: recipe.parts().resize.height,
            width: recipe.parts().resize.width,
        }),
    }
}

/// Rows and columns of the resize, the crop included.
fn axes(recipe: &Preprocessing, resized: Size) -> [Axis; 2] {
    let (kept, offset) = (recipe.input_size(), recipe.crop_offset(resized));
    let axis = |outputs, offset, kept| Axis {
        outputs,
        offset,
        kept,
    };
    [
        axis(resized.height, offset.height, kept.height),
        axis(resized.width, offset.width, kept.width),
    ]
}

/// Weights of rows and of columns as constants.
fn weights_of(
    nodes: &mut Nodes,
    [rows, columns]: [Axis; 2],
    Size { height, width }: Size,
) -> (String, String) {
    let row_weights = nodes.floats("row_weights", &[rows.kept, height], &rows.weights(height));
    let column_weights = transposed(&columns.weights(width), width);
    let column_weights = nodes.floats("column_weights", &[width, columns.kept], &column_weights);
    (row_weights, column_weights)
}

/// Weights of rows and of columns, computed from the picture's size.
fn weights_of_any(nodes: &mut Nodes, [rows, columns]: [Axis; 2]) -> (String, String) {
    let row_weights = weights(nodes, rows, 2, "rows");
    let column_weights = weights(nodes, columns, 3, "columns");
    let flip = vec![ints("perm", &[1, 0])];
    let column_weights = nodes.apply("Transpose", &[&column_weights], "columns_flipped", flip);
    (row_weights, column_weights)
}

/// The nodes that compute [`Axis::weights`] for the size of `axis` of the input.
fn weights(nodes: &mut Nodes, along: Axis, axis: usize, name: &str) -> String {
    let named = |part: &str| format!("{name}_{part}");
    let span = vec![int("start", axis), int("end", axis + 1)];
    let size = nodes.apply("Shape", &[INPUT], &named("size"), span);
    let positions = doubled_positions(nodes, &size, along, name);
    let centres = nodes.int_column(&named("centres"), &along.doubled_centres());
    let centres = nodes.apply("Mul", &[&centres, &size], &named("scaled_centres"), vec![]);
    let apart = nodes.apply("Sub", &[&positions, &centres], &named("apart"), vec![]);
    let apart = nodes.apply("Abs", &[&apart], &named("distance"), vec![]);
    let outputs = nodes.ints(&named("outputs"), &[along.outputs]);
    let two = nodes.ints("two", &[2]);
    let larger = nodes.apply("Max", &[&size, &outputs], &named("larger"), vec![]);
    let reach = nodes.apply("Mul", &[&larger, &two], &named("reach"), vec![]);
    let to_float = || vec![int("to", 1)];
    let apart = nodes.apply("Cast", &[&apart], &named("distance_float"), to_float());
    let reach = nodes.apply("Cast", &[&reach], &named("reach_float"), to_float());
    let share = nodes.apply("Div", &[&apart, &reach], &named("share"), vec![]);
    let one = nodes.floats("one", &[1], &[1.0]);
    let triangle = nodes.apply("Sub", &[&one, &share], &named("triangle"), vec![]);
    let triangle = nodes.apply("Relu", &[&triangle], &named("triangle_cut"), vec![]);
    let second = nodes.ints("second_axis", &[1]);
    let keep = vec![int("keepdims", 1)];
    let sum = nodes.apply("ReduceSum", &[&triangle, &second], &named("sum"), keep);
    nodes.apply("Div", &[&triangle, &sum], &named("weights"), vec![])
}

/// (2i + 1) · outputs for every sample i of the input.
fn doubled_positions(nodes: &mut Nodes, size: &str, along: Axis, name: &str) -> String {
    let named = |part: &str| format!("{name}_{part}");
    let zero_axis = nodes.ints("zero_axis", &[0]);
    let (zero, one) = (nodes.int("zero", 0), nodes.int("one_int", 1));
    let count = nodes.apply("Squeeze", &[size, &zero_axis], &named("count"), vec![]);
    let index = nodes.apply("Range", &[&zero, &count, &one], &named("index"), vec![]);
    let outputs = nodes.ints(&named("outputs"), &[along.outputs]);
    let twice = nodes.ints(&named("twice_outputs"), &[2 * along.outputs]);
    let scaled = nodes.apply("Mul", &[&index, &twice], &named("scaled"), vec![]);
    nodes.apply("Add", &[&scaled, &outputs], &named("positions"), vec![])
}
