//! Checkpoints of `torch.save`: a pickle that describes tensors, and raw storages
//! that hold their values. Layouts after torch's own `serialization.py`.

mod construct;
mod container;
mod document;
mod global;
mod input;
mod machine;
mod opcode;
mod placeholder;
mod state_dict;
mod tensor;
mod value;

use super::{Tensors, WeightsProblem};
use container::TorchCheckpoint;
pub(crate) use document::{Document, Node};
use machine::UnknownNames;
use std::rc::Rc;
use tensor::TensorRef;

/// Reads a table of tensors; any name of something else in it is a refusal.
pub(super) fn read(bytes: &[u8]) -> Result<Tensors, WeightsProblem> {
    let checkpoint = open(bytes, UnknownNames::Refused)?;
    let named = state_dict::find(&checkpoint.pickle)?;
    values(&checkpoint, named, bytes.len())
}

/// Takes a zip archive or an old stream of pickles apart.
fn open(bytes: &[u8], unknown: UnknownNames) -> Result<TorchCheckpoint<'_>, WeightsProblem> {
    if bytes.starts_with(b"PK\x03\x04") {
        container::open_zip(bytes, unknown)
    } else if bytes.starts_with(&[0x80]) {
        container::open_stream(bytes, unknown)
    } else {
        Err(WeightsProblem::UnknownFormat)
    }
}

/// The values of the floating-point tensors among `named`; `budget` as in [`spend`].
fn values(
    checkpoint: &TorchCheckpoint<'_>,
    named: impl IntoIterator<Item = (String, Rc<TensorRef>)>,
    mut budget: usize,
) -> Result<Tensors, WeightsProblem> {
    let mut tensors = Tensors::new();
    for (name, tensor) in named.into_iter().filter(|(_, tensor)| tensor.is_floating()) {
        spend(&mut budget, &name, &tensor)?;
        let read = tensor.read(&name, checkpoint)?;
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
