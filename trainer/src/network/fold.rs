//! Batch normalisation absorbed into the convolution before it.

use super::conv::Conv;
use super::graph::{Graph, Node, NodeId, Op, Parameter};
use super::parameters::{Parameters, WeightTensor};

/// Rewrites every convolution that only feeds a batch normalisation as one
/// convolution with bias: w' = w·s, b' = (b − mean)·s + beta with
/// s = gamma / √(var + ε). Computed in f64, stored in f32.
///
/// Tensors that `parameters` lacks or has in another shape are left for
/// [`super::check_parameters`] to name; folding then skips that layer.
#[must_use]
pub fn fold_batch_norm(graph: &Graph, parameters: &Parameters) -> (Graph, Parameters) {
    let mut folded = parameters.clone();
    let mut result = Graph::new();
    let mut place: Vec<NodeId> = Vec::with_capacity(graph.nodes().len());
    for (index, node) in graph.nodes().iter().enumerate() {
        let inputs: Vec<_> = node.inputs.iter().map(|&NodeId(i)| place[i]).collect();
        place.push(match foldable(graph, parameters, index, node) {
            Some(pair) if fold_into(&mut folded, &pair).is_some() => inputs[0],
            _ => result.copy(with_bias(graph, parameters, index, node), &inputs),
        });
    }
    for &NodeId(i) in graph.outputs() {
        result.output(place[i]);
    }
    (result, folded)
}

/// A normalisation and the convolution in front of it.
struct Pair {
    norm: String,
    epsilon: f64,
    conv: Conv,
}

/// The pair, when `node` is a normalisation whose input is a convolution that
/// nobody else reads, and nothing is missing.
fn foldable(graph: &Graph, parameters: &Parameters, index: usize, node: &Node) -> Option<Pair> {
    let Op::BatchNorm { name, epsilon, .. } = &node.op else {
        return None;
    };
    let &[NodeId(source)] = node.inputs.as_slice() else {
        return None;
    };
    let Op::Conv(conv) = &graph.nodes()[source].op else {
        return None;
    };
    let needed = [&node.op, &graph.nodes()[source].op].map(Op::parameters);
    let stored = |p: &Parameter| parameters.get(&p.name).is_some_and(|t| t.shape == p.shape);
    let complete = needed.iter().flatten().all(stored);
    (complete && readers_of(graph, source) == [index]).then(|| Pair {
        norm: name.clone(),
        epsilon: *epsilon,
        conv: conv.clone(),
    })
}

fn readers_of(graph: &Graph, source: usize) -> Vec<usize> {
    let nodes = graph.nodes().iter().enumerate();
    let mut readers: Vec<_> = nodes
        .filter(|(_, n)| n.inputs.contains(&NodeId(source)))
        .map(|(i, _)| i)
        .collect();
    if graph.outputs().contains(&NodeId(source)) {
        readers.push(usize::MAX);
    }
    readers
}

/// A convolution in front of a foldable normalisation gets a bias.
fn with_bias(graph: &Graph, parameters: &Parameters, index: usize, node: &Node) -> Node {
    let mut node = node.clone();
    let followed = readers_of(graph, index)
        .first()
        .and_then(|&reader| graph.nodes().get(reader).map(|n| (reader, n)))
        .is_some_and(|(reader, n)| foldable(graph, parameters, reader, n).is_some());
    if let Op::Conv(conv) = &mut node.op
        && followed
    {
        conv.bias = Some(folded_bias(conv));
    }
    node
}

fn folded_bias(conv: &Conv) -> String {
    conv.bias
        .clone()
        .unwrap_or_else(|| format!("{}.folded_bias", conv.weight))
}

fn fold_into(parameters: &mut Parameters, pair: &Pair) -> Option<()> {
    let Pair {
        norm,
        epsilon,
        conv,
    } = pair;
    let vector = |part: &str| Some(&parameters.get(&format!("{norm}.{part}"))?.values);
    let (gamma, beta) = (vector("weight")?, vector("bias")?);
    let (mean, var) = (vector("running_mean")?, vector("running_var")?);
    let scale: Vec<f64> = (gamma.iter().zip(var))
        .map(|(&g, &v)| f64::from(g) / (f64::from(v) + epsilon).sqrt())
        .collect();
    let old_bias = conv.bias.as_ref().and_then(|b| parameters.get(b));
    let bias = (0..conv.outputs())
        .map(|c| {
            let b = old_bias.map_or(0.0, |b| f64::from(b.values[c]));
            ((b - f64::from(mean[c])) * scale[c] + f64::from(beta[c])) as f32
        })
        .collect();
    let weight = parameters.get_mut(&conv.weight)?;
    let per_output = weight.values.len() / conv.outputs();
    for (filter, s) in weight.values.chunks_mut(per_output).zip(&scale) {
        for w in filter {
            *w = (f64::from(*w) * s) as f32;
        }
    }
    let shape = vec![conv.outputs()];
    parameters.insert(
        folded_bias(conv),
        WeightTensor {
            shape,
            values: bias,
        },
    );
    for part in ["weight", "bias", "running_mean", "running_var"] {
        parameters.remove(&format!("{norm}.{part}"));
    }
    Some(())
}

impl Graph {
    /// Adds a node of another graph, reading `inputs` of this one.
    pub(crate) fn copy(&mut self, node: Node, inputs: &[NodeId]) -> NodeId {
        let channels = node.channels;
        self.push(node.op, inputs, channels)
    }
}
