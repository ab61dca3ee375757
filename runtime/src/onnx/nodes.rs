//! The growing list of nodes and constants.

use super::message::{float_tensor, int, int_column, int_scalar, int_tensor, node};
use super::proto::{AttributeProto, GraphProto, NodeProto, TensorProto};

/// Before every name that is made here.
pub(super) const PREFIX: &str = "cfa_";

/// Nodes in order of execution, and the constants that they read.
#[derive(Debug, Default)]
pub struct Nodes {
    /// The nodes.
    pub nodes: Vec<NodeProto>,
    /// The constants, each name once.
    pub constants: Vec<TensorProto>,
}

impl Nodes {
    /// Adds everything of a graph.
    pub fn append(&mut self, graph: GraphProto) {
        self.nodes.extend(graph.node);
        self.constants.extend(graph.initializer);
    }

    /// Adds a node whose result is called `cfa_` and `name`; gives that name.
    pub fn apply(
        &mut self,
        op: &str,
        inputs: &[&str],
        name: &str,
        attributes: Vec<AttributeProto>,
    ) -> String {
        self.name_result(op, inputs, &format!("{PREFIX}{name}"), attributes)
    }

    /// Adds a node whose result has a name of its own.
    pub fn name_result(
        &mut self,
        op: &str,
        inputs: &[&str],
        result: &str,
        attributes: Vec<AttributeProto>,
    ) -> String {
        self.nodes.push(node(op, inputs, result, attributes));
        result.to_owned()
    }

    /// Adds the `count` smallest values along axis 2, ascending; gives the names of the
    /// values and of their places.
    pub fn smallest(&mut self, values: &str, count: usize, name: &str) -> [String; 2] {
        let count = self.ints(&format!("{name}_count"), &[count]);
        let attributes = vec![int("axis", 2), int("largest", 0), int("sorted", 1)];
        let first = self.apply("TopK", &[values, &count], name, attributes);
        let places = format!("{PREFIX}{name}_places");
        if let Some(node) = self.nodes.last_mut() {
            node.output.push(places.clone());
        }
        [first, places]
    }

    /// Adds a constant of `f32` values in row-major order, called `cfa_` and `name` unless
    /// there is one; gives that name.
    pub fn floats(&mut self, name: &str, shape: &[usize], values: &[f32]) -> String {
        self.constant(float_tensor(&format!("{PREFIX}{name}"), shape, values))
    }

    /// Adds a constant list of whole numbers; gives its name.
    pub fn ints(&mut self, name: &str, values: &[usize]) -> String {
        self.constant(int_tensor(&format!("{PREFIX}{name}"), values))
    }

    /// Adds a constant column of whole numbers, n × 1; gives its name.
    pub fn int_column(&mut self, name: &str, values: &[usize]) -> String {
        self.constant(int_column(&format!("{PREFIX}{name}"), values))
    }

    /// Adds a constant whole number; gives its name.
    pub fn int(&mut self, name: &str, value: usize) -> String {
        self.constant(int_scalar(&format!("{PREFIX}{name}"), value))
    }

    fn constant(&mut self, tensor: TensorProto) -> String {
        let name = tensor.name.clone();
        if self.constants.iter().all(|other| other.name != name) {
            self.constants.push(tensor);
        }
        name
    }
}
