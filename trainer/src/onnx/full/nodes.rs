//! The growing list of nodes and constants.

use super::super::message::{float_tensor, int, int_column, int_scalar, int_tensor, node};
use super::super::proto::{AttributeProto, GraphProto, NodeProto, TensorProto};

/// Before every name that is made here.
pub(super) const PREFIX: &str = "cfa_";

/// Nodes in order of execution, and the constants that they read.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    pub(super) nodes: Vec<NodeProto>,
    pub(super) constants: Vec<TensorProto>,
}

impl Nodes {
    /// Adds everything of a graph.
    pub(super) fn append(&mut self, graph: GraphProto) {
        self.nodes.extend(graph.node);
        self.constants.extend(graph.initializer);
    }

    /// Adds a node whose result is called `cfa_` and `name`; gives that name.
    pub(super) fn apply(
        &mut self,
        op: &str,
        inputs: &[&str],
        name: &str,
        attributes: Vec<AttributeProto>,
    ) -> String {
        self.name_result(op, inputs, &format!("{PREFIX}{name}"), attributes)
    }

    /// Adds a node whose result has a name of its own.
    pub(super) fn name_result(
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
    pub(super) fn smallest(&mut self, values: &str, count: usize, name: &str) -> [String; 2] {
        let count = self.ints(&format!("{name}_count"), &[count]);
        let attributes = vec![int("axis", 2), int("largest", 0), int("sorted", 1)];
        let first = self.apply("TopK", &[values, &count], name, attributes);
        let places = format!("{PREFIX}{name}_places");
        if let Some(node) = self.nodes.last_mut() {
            node.output.push(places.clone());
        }
        [first, places]
    }

    pub(super) fn floats(&mut self, name: &str, shape: &[usize], values: &[f32]) -> String {
        self.constant(float_tensor(&format!("{PREFIX}{name}"), shape, values))
    }

    pub(super) fn ints(&mut self, name: &str, values: &[usize]) -> String {
        self.constant(int_tensor(&format!("{PREFIX}{name}"), values))
    }

    pub(super) fn int_column(&mut self, name: &str, values: &[usize]) -> String {
        self.constant(int_column(&format!("{PREFIX}{name}"), values))
    }

    pub(super) fn int(&mut self, name: &str, value: usize) -> String {
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
