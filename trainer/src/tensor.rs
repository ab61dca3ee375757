//! Between libtorch and plain values.

use ndarray::Array2;
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

/// A tensor of two axes as a matrix on the host, f32.
///
/// # Errors
/// It has another number of axes, or memory runs out.
pub fn matrix(tensor: &Tensor) -> Result<Array2<f32>, TchError> {
    let (rows, columns) = tensor.size2()?;
    let values = host_values(tensor)?;
    Array2::from_shape_vec((rows as usize, columns as usize), values)
        .map_err(|error| TchError::Shape(error.to_string()))
}
