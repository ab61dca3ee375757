//! Between libtorch and plain values.

use tch::{Kind, TchError, Tensor};

/// Copies a tensor to the host as f32, row-major.
///
/// # Errors
/// The copy fails or memory runs out.
pub fn host_values(tensor: &Tensor) -> Result<Vec<f32>, TchError> {
    let flat = tensor
        .f_detach()?
        .f_to_kind(Kind::Float)?
        .f_to_device(tch::Device::Cpu)?
        .f_contiguous()?
        .f_reshape([-1])?;
    Vec::try_from(&flat)
}

/// A tensor of the given shape from row-major values.
///
/// # Errors
/// The number of values does not match the shape.
pub fn from_values(values: &[f32], shape: &[usize]) -> Result<Tensor, TchError> {
    let shape: Vec<i64> = shape.iter().map(|&n| n as i64).collect();
    Tensor::f_from_slice(values)?.f_reshape(shape)
}
