//! Whether a network has the inputs and outputs that are expected.

use ort::session::Session;
use ort::value::{Outlet, TensorElementType};

use super::error::NetworkError;
use super::network_options::NetworkOptions;
use crate::onnx::INPUT;

/// Checks the names, types and shapes of all inputs and outputs.
pub(super) fn check(session: &Session, options: &NetworkOptions) -> Result<(), NetworkError> {
    check_outlets("input", session.inputs(), &[(INPUT, options.input_shape)])?;
    let outputs = options.outputs.iter();
    let outputs: Vec<_> = outputs.map(|one| (one.name.as_str(), one.shape)).collect();
    check_outlets("output", session.outputs(), &outputs)
}

/// Checks that the outlets have the right names, are `f32`, and that every dimension is
/// the expected one or left open.
fn check_outlets(
    outlet: &'static str,
    found: &[Outlet],
    expected: &[(&str, [usize; 3])],
) -> Result<(), NetworkError> {
    let fits = |(one, &(name, shape)): (&Outlet, &(&str, [usize; 3]))| {
        let given: &[i64] = one.dtype().tensor_shape().map_or(&[], |shape| shape);
        let wanted = shape.map(|side| side as i64);
        one.name() == name
            && one.dtype().tensor_type() == Some(TensorElementType::Float32)
            && given.len() == 4
            && given
                .iter()
                .skip(1)
                .zip(wanted)
                .all(|(&side, wanted)| side < 0 || side == wanted)
    };
    if found.len() == expected.len() && found.iter().zip(expected).all(fits) {
        return Ok(());
    }
    let found = found
        .iter()
        .map(|one| format!("{}: {}", one.name(), one.dtype()));
    let expected = expected
        .iter()
        .map(|(name, [a, b, c])| format!("{name}: Tensor<f32>(N, {a}, {b}, {c})"));
    Err(NetworkError::Signature {
        outlet,
        found: found.collect::<Vec<_>>().join(", "),
        expected: expected.collect::<Vec<_>>().join(", "),
    })
}
