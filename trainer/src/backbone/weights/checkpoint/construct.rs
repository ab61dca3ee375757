//! The objects of the allowed names of a pickle: storages, tensors, dictionaries.

use std::rc::Rc;

use super::super::WeightsProblem;
use super::global::Global;
use super::machine::Machine;
use super::tensor::{MAX_AXES, StorageRef, TensorRef};
use super::value::Value;

impl Machine<'_> {
    /// Raw values outside of the pickle: `("storage", class, key, device, count)`, in old
    /// files followed by the part of another storage that it is, mostly `None`.
    pub(super) fn persistent_id(&mut self) -> Result<Value, WeightsProblem> {
        let id = self.pop()?;
        let storage = storage(self.heap.items(&id));
        let storage =
            storage.ok_or_else(|| self.input.problem("it names raw values of an unknown kind"))?;
        let known = self.storages.entry(storage.key.clone());
        let known = known.or_insert_with(|| Rc::new(storage.clone()));
        if **known != storage {
            return Err(storage.problem("they are described in two ways"));
        }
        Ok(Value::Storage(known.clone()))
    }

    /// A call of one of the allowed names.
    pub(super) fn reduce(&mut self) -> Result<Value, WeightsProblem> {
        let arguments = self.pop()?;
        let global = match self.pop()? {
            Value::Global(global) => global,
            callee => return self.not_called(&callee, arguments),
        };
        let value = match (global, self.heap.items(&arguments)) {
            (Global::OrderedDict, []) => Some(self.dict(Vec::new())),
            (Global::OrderedDict, [pairs]) => {
                let pairs = pairs.clone();
                self.flatten(&pairs).map(|items| self.dict(items))
            }
            (Global::Parameter, [tensor @ Value::Tensor(_), ..]) => Some(tensor.clone()),
            (Global::RebuildTensor, [Value::Storage(storage), offset, shape, strides, ..]) => {
                self.tensor(storage, offset, shape, strides)
            }
            _ => None,
        };
        value.ok_or_else(|| self.input.problem("a tensor is described wrongly"))
    }

    /// Attributes of a dictionary (torch's `_metadata`) or of an old parameter: dropped.
    pub(super) fn build(&mut self) -> Result<(), WeightsProblem> {
        let state = self.pop()?;
        match self.stack.last() {
            Some(Value::Dict(_) | Value::Tensor(_)) => Ok(()),
            Some(Value::Object(at)) => {
                self.heap.give_state(*at, state);
                Ok(())
            }
            _ => Err(self.input.problem("attributes belong to nothing")),
        }
    }

    fn dict(&mut self, items: Vec<Value>) -> Value {
        Value::Dict(self.heap.add(items))
    }

    /// Python 2 made an ordered dictionary from a list of its pairs. They are moved, not
    /// copied, so that naming one list again and again makes nothing larger.
    fn flatten(&mut self, pairs: &Value) -> Option<Vec<Value>> {
        let mut items = Vec::new();
        for pair in self.heap.take(pairs) {
            let pair = self.heap.take(&pair);
            items.extend(Some(pair).filter(|pair| pair.len() == 2)?);
        }
        Some(items)
    }

    fn tensor(
        &self,
        storage: &Rc<StorageRef>,
        offset: &Value,
        shape: &Value,
        strides: &Value,
    ) -> Option<Value> {
        Some(Value::Tensor(Rc::new(TensorRef {
            storage: storage.clone(),
            offset: offset.as_size()?,
            shape: self.sizes(shape)?,
            strides: self.sizes(strides)?,
        })))
    }

    fn sizes(&self, value: &Value) -> Option<Vec<usize>> {
        let items = self.heap.items(value);
        let few = Some(items).filter(|items| items.len() <= MAX_AXES)?;
        few.iter().map(Value::as_size).collect()
    }
}

fn storage(id: &[Value]) -> Option<StorageRef> {
    match id {
        [
            Value::Text(tag),
            Value::Global(Global::Storage(element)),
            Value::Text(key),
            _device,
            count,
            view @ ..,
        ] if &**tag == "storage" && matches!(view, [] | [Value::Plain]) => Some(StorageRef {
            key: key.clone(),
            element: *element,
            count: count.as_size()?,
        }),
        _ => None,
    }
}
