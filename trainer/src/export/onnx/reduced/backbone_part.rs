//! The part of a network that is its backbone, and the values there that become integers.

use std::collections::{BTreeMap, BTreeSet};

use cfa_runtime::training_support::onnx::proto::{GraphProto, NodeProto};

use super::constants::result;
use super::error::{ReduceError, odd};
use cfa_runtime::training_support::signature::INPUT;

/// Operators that integer kernels exist for, and whose results are therefore integers.
const INTEGER: [&str; 3] = ["Conv", "Add", "MaxPool"];
/// Operators that a runtime merges with an integer one in front of them.
const MERGED: [&str; 2] = ["Relu", "Clip"];
/// Where the backbone ends, if not at a convolution with a weight of another part.
const ENDS: [&str; 4] = ["AveragePool", "Concat", "Resize", "Shape"];
/// The first node of a squeeze-and-excitation branch, which works on single numbers a
/// channel: nothing to gain there, and much to lose.
const SQUEEZE: &str = "GlobalAveragePool";

/// The backbone's convolutions, and the values between them that become integers.
#[derive(Debug, Clone, Default)]
pub(super) struct BackbonePart {
    /// Results of the convolutions that read one of the backbone's weights.
    convolutions: BTreeSet<String>,
    /// Results of those that compute in integers.
    integer: BTreeSet<String>,
    /// Values that become integers, the input first, in the order of the nodes.
    values: Vec<String>,
    /// A value whose numbers are those of another, such as the largest of each window.
    same_as: BTreeMap<String, String>,
}

impl BackbonePart {
    pub(super) fn find(
        graph: &GraphProto,
        weights: &BTreeSet<String>,
    ) -> Result<Self, ReduceError> {
        let search = Search::new(graph, weights)?;
        let mut part = Self {
            convolutions: search.results(|node| search.is_backbone_conv(node)),
            integer: search.results(|node| search.is_integer(node) && node.op_type == "Conv"),
            values: vec![INPUT.to_owned()],
            same_as: BTreeMap::new(),
        };
        if part.integer.is_empty() {
            return Err(odd("it has no convolution with a weight of its backbone"));
        }
        for node in &graph.node {
            if search.becomes_integer(node) {
                part.values.push(result(node).to_owned());
            }
            if search.is_integer(node) && node.op_type == "MaxPool" {
                let source = node.input.first().cloned();
                let source = source.ok_or_else(|| odd("a pooling reads nothing"))?;
                part.same_as.insert(result(node).to_owned(), source);
            }
        }
        Ok(part)
    }

    /// Whether the node is a convolution of the backbone.
    pub(super) fn is_convolution(&self, node: &NodeProto) -> bool {
        self.convolutions.contains(result(node))
    }

    /// Whether it is one that computes in integers.
    pub(super) fn is_integer(&self, node: &NodeProto) -> bool {
        self.integer.contains(result(node))
    }

    /// The values that become integers.
    pub(super) fn values(&self) -> &[String] {
        &self.values
    }

    /// The value that this one shares its numbers with; itself, as a rule.
    pub(super) fn range_of<'a>(&'a self, value: &'a str) -> &'a str {
        self.same_as.get(value).map_or(value, String::as_str)
    }

    /// Results of nodes whose numbers must be known.
    pub(super) fn observed(&self) -> impl Iterator<Item = &str> {
        let values = self.values.iter().filter(|value| *value != INPUT);
        values.map(String::as_str)
    }
}

/// The properties of a graph by which its values are chosen.
struct Search<'a> {
    nodes: &'a [NodeProto],
    weights: &'a BTreeSet<String>,
    constants: BTreeSet<&'a str>,
    outputs: BTreeSet<&'a str>,
    /// Behind the backbone.
    tail: BTreeSet<&'a str>,
    /// Inside a squeeze-and-excitation branch.
    squeezed: BTreeSet<&'a str>,
}

impl<'a> Search<'a> {
    fn new(graph: &'a GraphProto, weights: &'a BTreeSet<String>) -> Result<Self, ReduceError> {
        let mut search = Self {
            nodes: &graph.node,
            weights,
            constants: graph.initializer.iter().map(|t| &*t.name).collect(),
            outputs: graph.output.iter().map(|output| &*output.name).collect(),
            tail: BTreeSet::new(),
            squeezed: BTreeSet::new(),
        };
        for node in &graph.node {
            search.place(node)?;
        }
        Ok(search)
    }

    /// Notes where a node lies; those that it reads have been placed before.
    fn place(&mut self, node: &'a NodeProto) -> Result<(), ReduceError> {
        let behind = node.input.iter().any(|name| self.tail.contains(&**name));
        let own = self.is_backbone_conv(node);
        if behind && own {
            let name = result(node);
            return Err(odd(&format!(
                "{name}, of the backbone, lies behind its end"
            )));
        }
        let ends = ENDS.contains(&&*node.op_type) || (node.op_type == "Conv" && !own);
        if behind || ends {
            self.tail.insert(result(node));
        } else if node.op_type == SQUEEZE || self.reads_only_squeezed(node) {
            self.squeezed.insert(result(node));
        }
        Ok(())
    }

    fn is_backbone_conv(&self, node: &NodeProto) -> bool {
        let weight = node.input.get(1);
        node.op_type == "Conv" && weight.is_some_and(|name| self.weights.contains(name))
    }

    fn reads_only_squeezed(&self, node: &NodeProto) -> bool {
        let mut read = self.read(node).peekable();
        read.peek().is_some() && read.all(|name| self.squeezed.contains(name))
    }

    /// The values that a node reads and that are not constant.
    fn read<'n>(&'n self, node: &'n NodeProto) -> impl Iterator<Item = &'n str> {
        let names = node.input.iter().map(String::as_str);
        names.filter(|name| !name.is_empty() && !self.constants.contains(name))
    }

    fn readers(&self, value: &'a str) -> impl Iterator<Item = &'a NodeProto> {
        let reads = move |node: &&NodeProto| node.input.iter().any(|name| name == value);
        self.nodes.iter().filter(reads)
    }

    fn in_body(&self, node: &NodeProto) -> bool {
        !self.tail.contains(result(node)) && !self.squeezed.contains(result(node))
    }

    /// Whether the node itself computes in integers.
    fn is_integer(&self, node: &NodeProto) -> bool {
        self.in_body(node) && INTEGER.contains(&&*node.op_type)
    }

    /// Whether the only reader is an activation that merges with the node.
    fn is_merged(&self, node: &'a NodeProto) -> bool {
        let mut readers = self.readers(result(node));
        let (first, second) = (readers.next(), readers.next());
        let merges =
            |reader: &NodeProto| self.in_body(reader) && MERGED.contains(&&*reader.op_type);
        self.is_integer(node)
            && node.op_type != "MaxPool"
            && !self.outputs.contains(result(node))
            && second.is_none()
            && first.is_some_and(merges)
    }

    /// Integer operators give integers, unless an activation merges with them, which then
    /// does. Other results become integers where an integer operator reads them.
    fn becomes_integer(&self, node: &'a NodeProto) -> bool {
        if !self.in_body(node) || self.is_merged(node) {
            return false;
        }
        let after_merged = MERGED.contains(&&*node.op_type)
            && self.nodes.iter().any(|source| {
                self.is_merged(source) && node.input.first().is_some_and(|i| i == result(source))
            });
        let read = || {
            self.readers(result(node))
                .any(|reader| self.is_integer(reader))
        };
        self.is_integer(node) || after_merged || read()
    }

    fn results(&self, wanted: impl Fn(&NodeProto) -> bool) -> BTreeSet<String> {
        let found = self.nodes.iter().filter(|node| wanted(node));
        found.map(|node| result(node).to_owned()).collect()
    }
}
