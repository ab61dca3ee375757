//! A checkpoint with all its content: objects of unknown classes can be read.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::super::{Tensors, WeightsProblem};
use super::container::{self, TorchCheckpoint};
use super::machine::UnknownNames;
use super::tensor::TensorRef;
use super::value::{Heap, Object, Value};
use super::values;

/// Modules within modules; networks have about ten levels.
const MAX_MODULE_DEPTH: usize = 64;

/// Tables in which objects of torch and `OmegaConf` keep their attributes.
const NAMED_TABLES: [&str; 4] = ["_modules", "_buffers", "_parameters", "_content"];

/// A whole checkpoint. Classes and functions that it names are never run; see
/// [`UnknownNames::Placeholders`].
pub(crate) struct Document<'a> {
    checkpoint: TorchCheckpoint<'a>,
    bytes: usize,
}

/// A value in a [`Document`]. Reading one value never walks through others, so a value that
/// refers to itself does no harm.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    heap: &'a Heap,
    value: &'a Value,
}

impl<'a> Document<'a> {
    /// Reads what `torch.save` wrote.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, WeightsProblem> {
        Ok(Self {
            checkpoint: container::open(bytes, UnknownNames::Placeholders)?,
            bytes: bytes.len(),
        })
    }

    /// The saved object.
    pub(crate) fn root(&self) -> Node<'_> {
        Node {
            heap: &self.checkpoint.pickle.heap,
            value: &self.checkpoint.pickle.root,
        }
    }

    /// The floating-point tensors of a state dictionary, or of a module that was saved
    /// whole; named as `state_dict()` names them.
    pub(crate) fn tensors(&self, node: Node<'_>) -> Result<Tensors, WeightsProblem> {
        let mut found = node.named_tensors();
        if found.is_empty() {
            let mut seen = BTreeSet::new();
            node.collect_modules("", 0, &mut seen, &mut found);
        }
        values::read(&self.checkpoint, found, self.bytes)
    }
}

impl<'a> Node<'a> {
    /// Module and name of the class of an object.
    pub(crate) fn class(self) -> Option<&'a str> {
        self.object().map(|object| &*object.class)
    }

    /// The entry of a dictionary, or an attribute of an object: its own, a part of a
    /// module by its name, or an entry of a configuration of `OmegaConf`.
    pub(crate) fn get(self, name: &str) -> Option<Node<'a>> {
        self.own(name).or_else(|| {
            let mut tables = NAMED_TABLES.iter().filter_map(|table| self.own(table));
            tables.find_map(|table| table.own(name))
        })
    }

    /// Follows names one after the other.
    pub(crate) fn path(self, names: &[&str]) -> Option<Node<'a>> {
        names.iter().try_fold(self, |node, name| node.get(name))
    }

    /// The items of a list or tuple, or the arguments of an object.
    pub(crate) fn items(self) -> Vec<Node<'a>> {
        let values = match self.object() {
            Some(object) => self.heap.items(&object.arguments),
            None if matches!(self.value, Value::List(_) | Value::Tuple(_)) => {
                self.heap.items(self.value)
            }
            None => &[],
        };
        values.iter().map(|value| self.at(value)).collect()
    }

    /// The entries of a dictionary whose keys are texts.
    pub(crate) fn entries(self) -> Vec<(&'a str, Node<'a>)> {
        let entries = self.heap.entries(self.value);
        let named = entries.filter_map(|(key, value)| match key {
            Value::Text(key) => Some((&**key, self.at(value))),
            _ => None,
        });
        named.collect()
    }

    pub(crate) fn text(self) -> Option<&'a str> {
        match self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn boolean(self) -> Option<bool> {
        match self.value {
            Value::Boolean(value) => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn size(self) -> Option<usize> {
        self.value.as_size()
    }

    pub(crate) fn number(self) -> Option<f64> {
        match self.value {
            Value::Float(number) => Some(*number),
            Value::Integer(number) => Some(*number as f64),
            _ => None,
        }
    }

    /// For messages.
    pub(crate) fn kind(self) -> String {
        let class = self.class().map(printable);
        class.unwrap_or_else(|| self.value.kind().to_owned())
    }

    fn at(self, value: &'a Value) -> Self {
        Self {
            heap: self.heap,
            value,
        }
    }

    fn object(self) -> Option<&'a Object> {
        match self.value {
            Value::Object(at) => Some(self.heap.object(*at)),
            _ => None,
        }
    }

    /// The attribute itself, without a look into the tables of a module.
    fn own(self, name: &str) -> Option<Node<'a>> {
        let Some(object) = self.object() else {
            return self.entry_of(self.value, name);
        };
        // Attributes come as a dictionary, or as a pair of dictionaries; a function that
        // rebuilds a module is given them as its first argument.
        let states = object
            .states
            .iter()
            .chain(self.heap.items(&object.arguments));
        let mut dictionaries = states.flat_map(|state| match state {
            Value::Tuple(_) => self.heap.items(state).iter().collect(),
            _ => vec![state],
        });
        let attribute = dictionaries.find_map(|dictionary| self.entry_of(dictionary, name));
        attribute.or_else(|| {
            let pairs = object.items.as_chunks::<2>().0.iter();
            self.find(pairs.map(|[key, value]| (key, value)), name)
        })
    }

    fn entry_of(self, dictionary: &'a Value, name: &str) -> Option<Node<'a>> {
        self.find(self.heap.entries(dictionary), name)
    }

    fn find(
        self,
        mut pairs: impl Iterator<Item = (&'a Value, &'a Value)>,
        name: &str,
    ) -> Option<Node<'a>> {
        pairs.find_map(|(key, value)| match key {
            Value::Text(key) if &**key == name => Some(self.at(value)),
            _ => None,
        })
    }

    fn named_tensors(self) -> BTreeMap<String, Rc<TensorRef>> {
        let entries = self.entries().into_iter();
        let tensors = entries.filter_map(|(name, node)| match node.value {
            Value::Tensor(tensor) => Some((name.to_owned(), tensor.clone())),
            _ => None,
        });
        tensors.collect()
    }

    /// Walks through a module; each part is visited once, wherever else it is named.
    fn collect_modules(
        self,
        prefix: &str,
        depth: usize,
        seen: &mut BTreeSet<usize>,
        found: &mut BTreeMap<String, Rc<TensorRef>>,
    ) {
        let Value::Object(at) = *self.value else {
            return; // no module: a number or text among the attributes
        };
        if depth > MAX_MODULE_DEPTH || !seen.insert(at) {
            return;
        }
        for table in ["_parameters", "_buffers"]
            .iter()
            .filter_map(|t| self.own(t))
        {
            for (name, tensor) in table.named_tensors() {
                found.insert(format!("{prefix}{name}"), tensor);
            }
        }
        let modules = self.own("_modules").into_iter().flat_map(Node::entries);
        for (name, module) in modules {
            module.collect_modules(&format!("{prefix}{name}."), depth + 1, seen, found);
        }
    }
}

/// Names come from the file: made printable and short.
fn printable(name: &str) -> String {
    name.escape_debug().take(100).collect()
}
