//! Checkpoints of `torch.save`: a pickle that describes tensors, and raw storages
//! that hold their values. Layouts after torch's own `serialization.py`.

mod construct;
mod container;
mod global;
mod input;
mod machine;
mod opcode;
mod state_dict;
mod tensor;
mod value;

use super::{Tensors, WeightsProblem};
use container::Checkpoint;
use tensor::TensorRef;

/// Reads a zip archive or an old stream of pickles.
pub(super) fn read(bytes: &[u8]) -> Result<Tensors, WeightsProblem> {
    let checkpoint = if bytes.starts_with(b"PK\x03\x04") {
        container::open_zip(bytes)?
    } else if bytes.starts_with(&[0x80]) {
        container::open_stream(bytes)?
    } else {
        return Err(WeightsProblem::UnknownFormat);
    };
    let named = state_dict::find(&checkpoint.pickle)?;
    let mut budget = bytes.len();
    let mut tensors = Tensors::new();
    for (name, tensor) in named.into_iter().filter(|(_, tensor)| tensor.is_floating()) {
        spend(&mut budget, &name, &tensor)?;
        let read = tensor.read(&name, &checkpoint)?;
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
