use std::mem;
use std::rc::Rc;

use super::global::Global;
use super::tensor::{StorageRef, TensorRef};

/// One value on the stack of the pickle machine.
///
/// Containers are numbers into [`Heap`], so that a value is small, cloning and dropping
/// one is never recursive, and a container that is still being filled can be shared.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// `None` or a float: nothing in a table of tensors depends on it.
    Plain,
    Boolean(bool),
    Integer(i128),
    Text(Rc<str>),
    Global(Global),
    Tuple(usize),
    List(usize),
    /// Its items are keys and values in turn.
    Dict(usize),
    Storage(Rc<StorageRef>),
    Tensor(Rc<TensorRef>),
}

impl Value {
    /// For messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Plain | Self::Boolean(_) => "a plain value",
            Self::Integer(_) => "a number",
            Self::Text(_) => "a text",
            Self::Global(_) => "a class",
            Self::Tuple(_) => "a tuple",
            Self::List(_) => "a list",
            Self::Dict(_) => "a dictionary",
            Self::Storage(_) => "raw values",
            Self::Tensor(_) => "a tensor",
        }
    }

    pub(super) fn as_size(&self) -> Option<usize> {
        match self {
            Self::Integer(number) => usize::try_from(*number).ok(),
            _ => None,
        }
    }
}

/// The items of every tuple, list and dictionary of one pickle.
#[derive(Debug, Default)]
pub(super) struct Heap {
    containers: Vec<Vec<Value>>,
}

impl Heap {
    pub(super) fn add(&mut self, items: Vec<Value>) -> usize {
        self.containers.push(items);
        self.containers.len() - 1
    }

    pub(super) fn extend(&mut self, container: usize, items: Vec<Value>) {
        if let Some(old) = self.containers.get_mut(container) {
            old.extend(items);
        }
    }

    /// The items of a tuple, list or dictionary, which is empty from then on.
    pub(super) fn take(&mut self, value: &Value) -> Vec<Value> {
        match value {
            Value::Tuple(at) | Value::List(at) | Value::Dict(at) => self
                .containers
                .get_mut(*at)
                .map(mem::take)
                .unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// The items of a tuple, list or dictionary; none for any other value.
    pub(super) fn items(&self, value: &Value) -> &[Value] {
        match value {
            Value::Tuple(at) | Value::List(at) | Value::Dict(at) => {
                self.containers.get(*at).map_or(&[], Vec::as_slice)
            }
            _ => &[],
        }
    }

    /// The keys and values of a dictionary, in the order of the file.
    pub(super) fn entries(&self, value: &Value) -> impl Iterator<Item = (&Value, &Value)> {
        let pairs = match value {
            Value::Dict(_) => self.items(value),
            _ => &[],
        };
        pairs.as_chunks().0.iter().map(|[key, value]| (key, value))
    }
}
