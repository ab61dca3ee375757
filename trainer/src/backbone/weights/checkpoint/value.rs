use std::mem;
use std::rc::Rc;

use super::global::Global;
use super::tensor::{StorageRef, TensorRef};

/// One value on the stack of the pickle machine.
///
/// Containers are numbers into [`Heap`]. So a value is small, cloning and dropping one is
/// never recursive, and a container that is still being filled can be shared.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// `None`, or bytes: nothing depends on it.
    Plain,
    Boolean(bool),
    Integer(i128),
    Float(f64),
    Text(Rc<str>),
    Global(Global),
    /// An unknown class or function, by its full name. It cannot be called.
    Class(Rc<str>),
    /// A placeholder for what such a class or function would have made.
    Object(usize),
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
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a text",
            Self::Global(_) | Self::Class(_) => "a class",
            Self::Object(_) => "an object",
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

/// The recipe of an object whose class is unknown. The object itself is never made.
#[derive(Debug)]
pub(super) struct Object {
    /// Module and name of its class, or of the function that would make it.
    pub(super) class: Rc<str>,
    /// The arguments of that call.
    pub(super) arguments: Value,
    /// The states that it would get afterwards, mostly its dictionary of attributes.
    pub(super) states: Vec<Value>,
    /// The content that it would get: items, or keys and values in turn.
    pub(super) items: Vec<Value>,
}

/// The items of every tuple, list and dictionary of one pickle, and its objects.
///
/// Only [`add`](Self::add) and [`add_object`](Self::add_object) give numbers out, and nothing
/// is removed. So each number of this pickle has its place; one of another pickle may panic.
#[derive(Debug, Default)]
pub(super) struct Heap {
    containers: Vec<Vec<Value>>,
    objects: Vec<Object>,
}

impl Heap {
    pub(super) fn add_object(&mut self, object: Object) -> Value {
        self.objects.push(object);
        Value::Object(self.objects.len() - 1)
    }

    pub(super) fn object(&self, at: usize) -> &Object {
        &self.objects[at]
    }

    pub(super) fn give_state(&mut self, object: usize, state: Value) {
        self.objects[object].states.push(state);
    }

    pub(super) fn fill_object(&mut self, object: usize, items: Vec<Value>) {
        self.objects[object].items.extend(items);
    }

    pub(super) fn add(&mut self, items: Vec<Value>) -> usize {
        self.containers.push(items);
        self.containers.len() - 1
    }

    pub(super) fn extend(&mut self, container: usize, items: Vec<Value>) {
        self.containers[container].extend(items);
    }

    /// The items of a tuple, list or dictionary, which is empty from then on.
    pub(super) fn take(&mut self, value: &Value) -> Vec<Value> {
        match value {
            Value::Tuple(at) | Value::List(at) | Value::Dict(at) => {
                mem::take(&mut self.containers[*at])
            }
            _ => Vec::new(),
        }
    }

    /// The items of a tuple, list or dictionary; none for any other value.
    pub(super) fn items(&self, value: &Value) -> &[Value] {
        match value {
            Value::Tuple(at) | Value::List(at) | Value::Dict(at) => &self.containers[*at],
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
