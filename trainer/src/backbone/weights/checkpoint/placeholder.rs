//! Unknown names: the objects that they would make are recorded, and nothing is called.

use std::rc::Rc;

use super::super::WeightsProblem;
use super::machine::Machine;
use super::opcode;
use super::value::{Object, Value};

/// The class of a call whose callee is itself only a placeholder.
const CALL_OF_AN_OBJECT: &str = "(call of an object)";

impl Machine<'_> {
    /// A call of something that is not on the short list of known names.
    pub(super) fn not_called(
        &mut self,
        callee: &Value,
        arguments: Value,
    ) -> Result<Value, WeightsProblem> {
        match callee {
            Value::Class(class) => Ok(self.placeholder(class.clone(), arguments, Vec::new())),
            Value::Object(_) => {
                Ok(self.placeholder(CALL_OF_AN_OBJECT.into(), arguments, Vec::new()))
            }
            _ => Err(self.input.problem("it calls what is no function")),
        }
    }

    /// An instruction of objects that puts one value on the stack.
    pub(super) fn object_value(&mut self, opcode: u8) -> Result<Value, WeightsProblem> {
        match opcode {
            opcode::NEWOBJ => self.instance(Vec::new()),
            opcode::NEWOBJ_EX => {
                let keywords = self.pop()?;
                self.instance(vec![keywords])
            }
            opcode::EMPTY_SET => Ok(Value::List(self.heap.add(Vec::new()))),
            opcode::FROZENSET => self.above_mark().map(|items| self.tuple(items)),
            opcode::BINBYTES => {
                let count = self.input.u32()? as usize;
                self.input.take(count).map(|_bytes| Value::Plain)
            }
            opcode::SHORT_BINBYTES => {
                let count = self.input.byte()?.into();
                self.input.take(count).map(|_bytes| Value::Plain)
            }
            _ => Err(self.forbidden(opcode)),
        }
    }

    /// An instruction of objects that puts nothing on the stack.
    pub(super) fn step_with_objects(&mut self, opcode: u8) -> Result<(), WeightsProblem> {
        match opcode {
            // Python keeps marks on the stack, so the last thing may be one.
            opcode::POP if self.marks.last() == Some(&self.stack.len()) => {
                self.marks.pop();
                Ok(())
            }
            opcode::POP => self.pop().map(drop),
            opcode::POP_MARK => self.above_mark().map(drop),
            _ => {
                let items = self.above_mark()?;
                self.extend(items)
            }
        }
    }

    fn instance(&mut self, states: Vec<Value>) -> Result<Value, WeightsProblem> {
        let arguments = self.pop()?;
        match self.pop()? {
            Value::Class(class) => Ok(self.placeholder(class, arguments, states)),
            _ => Err(self
                .input
                .problem("it makes an instance of what is no class")),
        }
    }

    /// The name is shared, not copied: a long one may make many objects.
    fn placeholder(&mut self, class: Rc<str>, arguments: Value, states: Vec<Value>) -> Value {
        self.heap.add_object(Object {
            class,
            arguments,
            states,
            items: Vec::new(),
        })
    }
}
