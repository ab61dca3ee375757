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
mod values;

use super::{Tensors, WeightsProblem};
pub(crate) use document::{Document, Node};
use machine::UnknownNames;

/// Reads a table of tensors; any name of something else in it is a refusal.
pub(super) fn read(bytes: &[u8]) -> Result<Tensors, WeightsProblem> {
    let checkpoint = container::open(bytes, UnknownNames::Refused)?;
    let named = state_dict::find(&checkpoint.pickle)?;
    values::read(&checkpoint, named, bytes.len())
}
