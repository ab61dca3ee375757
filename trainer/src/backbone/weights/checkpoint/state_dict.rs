use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::WeightsProblem;
use super::machine::Pickle;
use super::tensor::TensorRef;
use super::value::Value;

/// Keys under which training scripts put the table of tensors, in the order of preference.
const NESTED_UNDER: [&str; 3] = ["state_dict", "model_state_dict", "model"];

type Named = BTreeMap<String, Rc<TensorRef>>;

/// The table of tensors in a checkpoint: nested under a usual key, or the whole.
pub(super) fn find(pickle: &Pickle) -> Result<Named, WeightsProblem> {
    let nested = NESTED_UNDER
        .iter()
        .filter_map(|wanted| pickle.entry(wanted));
    nested
        .chain([&pickle.root])
        .map(|table| tensors(pickle, table))
        .find(|tensors| !tensors.is_empty())
        .ok_or_else(|| WeightsProblem::NoTensors {
            found: contents(pickle),
        })
}

fn tensors(pickle: &Pickle, table: &Value) -> Named {
    let entries = pickle.heap.entries(table);
    entries
        .filter_map(|(key, value)| match (key, value) {
            (Value::Text(name), Value::Tensor(tensor)) => Some((name.to_string(), tensor.clone())),
            _ => None,
        })
        .collect()
}

fn contents(pickle: &Pickle) -> String {
    let keys = pickle.heap.entries(&pickle.root).take(10);
    let keys: Vec<String> = keys
        .filter_map(|(key, _)| match key {
            Value::Text(key) => Some(key.escape_debug().take(50).collect()),
            _ => None,
        })
        .collect();
    match keys.as_slice() {
        [] => pickle.root.kind().to_owned(),
        keys => format!("a dictionary with {}", keys.join(", ")),
    }
}
