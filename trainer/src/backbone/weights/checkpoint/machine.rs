use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::WeightsProblem;
use super::global;
use super::input::Input;
use super::opcode;
use super::tensor::StorageRef;
use super::value::{Heap, Value};

/// A network with a thousand tensors takes about 0.2 MiB. Every byte may cost a hundred
/// bytes of memory.
const MAX_PICKLE_BYTES: usize = 2 << 20;

/// A module pickled whole takes about 0.1 MiB for `resnet18`, and a long training may add
/// as much again; objects take no more memory a byte than tables.
const MAX_PICKLE_BYTES_WITH_OBJECTS: usize = 4 << 20;

/// The treatment of names that are not on the list of [`global::Global`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnknownNames {
    /// Refused, with the instructions that only objects need.
    Refused,
    /// Each object that they would make becomes a placeholder that can be read. Nothing is
    /// ever called.
    Placeholders,
}

impl UnknownNames {
    fn input(self, bytes: &[u8], start: usize) -> Input<'_> {
        let cap = match self {
            Self::Refused => MAX_PICKLE_BYTES,
            Self::Placeholders => MAX_PICKLE_BYTES_WITH_OBJECTS,
        };
        let limit = start.saturating_add(cap).min(bytes.len());
        let input = Input::at(&bytes[..limit], start);
        match self {
            Self::Refused => input,
            Self::Placeholders => input.with_long_texts(),
        }
    }
}

/// The result of a pickle.
#[derive(Debug)]
pub(super) struct Pickle {
    pub(super) root: Value,
    pub(super) heap: Heap,
    /// Every storage that was named, by its key.
    pub(super) storages: BTreeMap<Rc<str>, Rc<StorageRef>>,
    /// The place of the first byte after the pickle.
    pub(super) end: usize,
}

impl Pickle {
    /// The value under the key `wanted`, if the root is a dictionary that has it.
    pub(super) fn entry(&self, wanted: &str) -> Option<&Value> {
        let mut entries = self.heap.entries(&self.root);
        entries.find_map(|(key, value)| match key {
            Value::Text(key) if &**key == wanted => Some(value),
            _ => None,
        })
    }
}

/// Interprets the pickle in `bytes` that begins at `start`.
///
/// Knows the instructions that `torch.save` writes, in any protocol from 2 on.
pub(super) fn run(
    bytes: &[u8],
    start: usize,
    unknown: UnknownNames,
) -> Result<Pickle, WeightsProblem> {
    let mut machine = Machine {
        input: unknown.input(bytes, start),
        unknown,
        stack: Vec::new(),
        marks: Vec::new(),
        memo: BTreeMap::new(),
        heap: Heap::default(),
        storages: BTreeMap::new(),
    };
    loop {
        let opcode = machine.input.byte()?;
        if opcode == opcode::STOP {
            return machine.finish();
        }
        machine.step(opcode)?;
    }
}

pub(super) struct Machine<'a> {
    pub(super) input: Input<'a>,
    pub(super) unknown: UnknownNames,
    pub(super) stack: Vec<Value>,
    /// Heights of the stack, for the instructions that take everything above a mark.
    pub(super) marks: Vec<usize>,
    memo: BTreeMap<u32, Value>,
    pub(super) heap: Heap,
    pub(super) storages: BTreeMap<Rc<str>, Rc<StorageRef>>,
}

impl Machine<'_> {
    fn finish(mut self) -> Result<Pickle, WeightsProblem> {
        Ok(Pickle {
            root: self.pop()?,
            end: self.input.position(),
            heap: self.heap,
            storages: self.storages,
        })
    }

    fn step(&mut self, opcode: u8) -> Result<(), WeightsProblem> {
        match opcode {
            opcode::PROTO => self.input.take(1).map(drop),
            opcode::FRAME => self.input.take(8).map(drop),
            opcode::APPEND => self.fill(1),
            opcode::SETITEM => self.fill(2),
            opcode::APPENDS | opcode::SETITEMS => {
                let items = self.above_mark()?;
                self.extend(items)
            }
            opcode::BUILD => self.build(),
            opcode::BINPUT | opcode::LONG_BINPUT | opcode::MEMOIZE => self.remember(opcode),
            opcode::MARK => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            opcode::POP | opcode::POP_MARK | opcode::ADDITEMS if self.takes_objects() => {
                self.step_with_objects(opcode)
            }
            _ => self.value(opcode).map(|value| self.stack.push(value)),
        }
    }

    fn takes_objects(&self) -> bool {
        self.unknown == UnknownNames::Placeholders
    }

    /// An instruction that puts one value on the stack.
    fn value(&mut self, opcode: u8) -> Result<Value, WeightsProblem> {
        match opcode {
            opcode::NONE => Ok(Value::Plain),
            opcode::BINFLOAT => Ok(Value::Float(f64::from_be_bytes(self.input.array()?))),
            opcode::NEWTRUE => Ok(Value::Boolean(true)),
            opcode::NEWFALSE => Ok(Value::Boolean(false)),
            opcode::BININT | opcode::BININT1 | opcode::BININT2 | opcode::LONG1 => {
                self.integer(opcode).map(Value::Integer)
            }
            opcode::BINUNICODE | opcode::BINSTRING => self.long_text(),
            opcode::SHORT_BINUNICODE | opcode::SHORT_BINSTRING => self.short_text(),
            opcode::EMPTY_LIST => Ok(Value::List(self.heap.add(Vec::new()))),
            opcode::EMPTY_DICT => Ok(Value::Dict(self.heap.add(Vec::new()))),
            opcode::EMPTY_TUPLE => Ok(self.tuple(Vec::new())),
            opcode::TUPLE => self.above_mark().map(|items| self.tuple(items)),
            opcode::TUPLE1 => self.pop_many(1).map(|items| self.tuple(items)),
            opcode::TUPLE2 => self.pop_many(2).map(|items| self.tuple(items)),
            opcode::TUPLE3 => self.pop_many(3).map(|items| self.tuple(items)),
            opcode::BINGET | opcode::LONG_BINGET => self.recall(opcode),
            opcode::GLOBAL => self.global(),
            opcode::STACK_GLOBAL => self.stack_global(),
            opcode::BINPERSID => self.persistent_id(),
            opcode::REDUCE => self.reduce(),
            _ if self.takes_objects() => self.object_value(opcode),
            _ => Err(self.forbidden(opcode)),
        }
    }

    pub(super) fn forbidden(&self, opcode: u8) -> WeightsProblem {
        WeightsProblem::ForbiddenOpcode {
            opcode,
            position: self.input.position().saturating_sub(1),
        }
    }

    pub(super) fn pop(&mut self) -> Result<Value, WeightsProblem> {
        let popped = self.stack.pop();
        popped.ok_or_else(|| self.input.problem("its stack is empty"))
    }

    pub(super) fn pop_many(&mut self, count: usize) -> Result<Vec<Value>, WeightsProblem> {
        let height = self.stack.len().checked_sub(count);
        let height = height.ok_or_else(|| self.input.problem("its stack is empty"))?;
        Ok(self.stack.split_off(height))
    }

    pub(super) fn above_mark(&mut self) -> Result<Vec<Value>, WeightsProblem> {
        let mark = self
            .marks
            .pop()
            .and_then(|mark| self.stack.len().checked_sub(mark));
        let count = mark.ok_or_else(|| self.input.problem("a mark is missing"))?;
        self.pop_many(count)
    }

    fn integer(&mut self, opcode: u8) -> Result<i128, WeightsProblem> {
        Ok(match opcode {
            opcode::BININT => i32::from_le_bytes(self.input.array()?).into(),
            opcode::BININT1 => self.input.byte()?.into(),
            opcode::BININT2 => u16::from_le_bytes(self.input.array()?).into(),
            _ => {
                let count = self.input.byte()?;
                self.input.long(count.into())?
            }
        })
    }

    fn long_text(&mut self) -> Result<Value, WeightsProblem> {
        let count = self.input.u32()? as usize;
        self.input.text(count).map(|text| Value::Text(text.into()))
    }

    fn short_text(&mut self) -> Result<Value, WeightsProblem> {
        let count = self.input.byte()?.into();
        self.input.text(count).map(|text| Value::Text(text.into()))
    }

    fn global(&mut self) -> Result<Value, WeightsProblem> {
        let module = self.input.line()?;
        let name = self.input.line()?;
        self.named(module, name)
    }

    fn stack_global(&mut self) -> Result<Value, WeightsProblem> {
        match self.pop_many(2)?.as_slice() {
            [Value::Text(module), Value::Text(name)] => self.named(module, name),
            _ => Err(self.input.problem("a class has no name")),
        }
    }

    /// One of the few known names, or by the rule for the others.
    fn named(&self, module: &str, name: &str) -> Result<Value, WeightsProblem> {
        match (global::resolve(module, name), self.unknown) {
            (Some(global), _) => Ok(Value::Global(global)),
            (None, UnknownNames::Placeholders) => {
                Ok(Value::Class(format!("{module}.{name}").into()))
            }
            (None, UnknownNames::Refused) => Err(global::forbidden(module, name)),
        }
    }

    pub(super) fn tuple(&mut self, items: Vec<Value>) -> Value {
        Value::Tuple(self.heap.add(items))
    }

    fn fill(&mut self, count: usize) -> Result<(), WeightsProblem> {
        let items = self.pop_many(count)?;
        self.extend(items)
    }

    pub(super) fn extend(&mut self, items: Vec<Value>) -> Result<(), WeightsProblem> {
        match self.stack.last() {
            Some(Value::List(at)) => self.heap.extend(*at, items),
            Some(Value::Dict(at)) if items.len().is_multiple_of(2) => self.heap.extend(*at, items),
            Some(Value::Object(at)) => self.heap.fill_object(*at, items),
            _ => return Err(self.input.problem("items belong to nothing")),
        }
        Ok(())
    }

    fn remember(&mut self, opcode: u8) -> Result<(), WeightsProblem> {
        let slot = match opcode {
            opcode::BINPUT => u32::from(self.input.byte()?),
            opcode::LONG_BINPUT => self.input.u32()?,
            _ => self.memo.len() as u32,
        };
        let value = self.stack.last().cloned();
        let value = value.ok_or_else(|| self.input.problem("its stack is empty"))?;
        self.memo.insert(slot, value);
        Ok(())
    }

    fn recall(&mut self, opcode: u8) -> Result<Value, WeightsProblem> {
        let slot = match opcode {
            opcode::BINGET => u32::from(self.input.byte()?),
            _ => self.input.u32()?,
        };
        let value = self.memo.get(&slot).cloned();
        value.ok_or_else(|| self.input.problem("a memory slot is empty"))
    }
}
