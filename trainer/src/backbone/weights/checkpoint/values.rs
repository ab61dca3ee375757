//! The values of the tensors that a checkpoint describes.

use std::rc::Rc;

use super::super::{Tensors, WeightsProblem};
use super::container::TorchCheckpoint;
use super::tensor::TensorRef;

/// The values of the floating-point tensors among `named`; `budget` as in [`spend`].
pub(super) fn read(
    checkpoint: &TorchCheckpoint<'_>,
    named: impl IntoIterator<Item = (String, Rc<TensorRef>)>,
    mut budget: usize,
) -> Result<Tensors, WeightsProblem> {
    let mut tensors = Tensors::new();
    for (name, tensor) in named.into_iter().filter(|(_, tensor)| tensor.is_floating()) {
        spend(&mut budget, &name, &tensor)?;
        let raw = checkpoint.raw_values(&tensor.storage)?;
        let read = tensor.read(&name, raw)?;
        tensors.insert(name, read);
    }
    Ok(tensors)
}

/// Tensors may share a storage or repeat its values without a word in the file, so a
/// small file could describe endless ones. All together may have one element a byte of
/// the file: four times what a file of `f32` without sharing has.
fn spend(budget: &mut usize, name: &str, tensor: &TensorRef) -> Result<(), WeightsProblem> {
    let left = tensor.count().and_then(|count| budget.checked_sub(count));
    *budget = left.ok_or_else(|| WeightsProblem::Tensor {
        name: name.to_owned(),
        what: "it has more values than the file can hold",
    })?;
    Ok(())
}
