//! Networks of inverted residual blocks: 1×1 expansion, depthwise convolution,
//! squeeze-and-excitation where a block has it, linear 1×1 projection. The
//! `MobileNets` and `EfficientNets` are tables of these.

use std::ops::RangeInclusive;

use super::block::Block;
use super::naming::{BlockNames, LayerNames, Naming, Scheme};
use crate::network::{Conv, Graph, NodeId, Op, Padding};

/// A network up to the last block that is tapped.
#[derive(Debug)]
pub(super) struct InvertedResiduals {
    /// The namings under which files hold it; the first is the graph's own.
    pub(super) schemes: &'static [Scheme],
    pub(super) stem: usize,
    pub(super) stem_activation: Op,
    /// Inside squeeze-and-excitation, and what gives its factors.
    pub(super) squeeze: [Op; 2],
    /// `None`: PyTorch's, half the kernel on each side.
    pub(super) padding: Option<Padding>,
    pub(super) blocks: Vec<Block>,
    /// Blocks whose results make up each tap, one behind the other.
    pub(super) taps: [RangeInclusive<usize>; 3],
}

impl InvertedResiduals {
    /// The names of the graph's own parameters.
    pub(super) fn own_scheme(&self) -> &'static Scheme {
        &self.schemes[0]
    }

    /// `None` when no file holds the network under this naming.
    pub(super) fn scheme(&self, naming: Naming) -> Option<&'static Scheme> {
        self.schemes.iter().find(|scheme| scheme.naming == naming)
    }

    /// The three taps.
    pub(super) fn build(&self, graph: &mut Graph, picture: NodeId, scheme: &Scheme) -> [NodeId; 3] {
        let mut builder = Builder {
            graph,
            network: self,
            scheme,
        };
        let stem = Conv::new("", 3, self.stem, 3).stride(2);
        let stem_names = scheme.stem();
        let mut x = builder.layer(picture, stem, &stem_names, Some(&self.stem_activation));
        let mut ends = Vec::with_capacity(self.blocks.len());
        for block in &self.blocks {
            x = builder.block(x, block);
            ends.push(x);
        }
        self.taps.clone().map(|group| match &ends[group] {
            &[end] => end,
            ends => graph.concat(ends),
        })
    }
}

struct Builder<'a> {
    graph: &'a mut Graph,
    network: &'a InvertedResiduals,
    scheme: &'a Scheme,
}

impl Builder<'_> {
    fn block(&mut self, input: NodeId, block: &Block) -> NodeId {
        let inputs = self.graph.channels(input);
        let (width, activation) = (block.width, Some(&block.activation));
        let expands = width != inputs;
        let names = self.scheme.block(block, expands);
        let mut x = input;
        if expands {
            x = self.layer(
                x,
                Conv::new("", inputs, width, 1),
                &names.expand,
                activation,
            );
        }
        let depthwise = Conv::new("", width, width, block.kernel)
            .stride(block.stride)
            .depthwise();
        x = self.layer(x, depthwise, &names.depthwise, activation);
        if let Some(squeezed) = block.squeezed {
            x = self.excitation(x, squeezed, &names);
        }
        let project = Conv::new("", width, block.outputs, 1);
        x = self.layer(x, project, &names.project, None);
        if block.stride == 1 && inputs == block.outputs {
            x = self.graph.apply(Op::Add, &[x, input]);
        }
        x
    }

    /// Each channel times a factor that all channels' means decide on
    /// (arXiv 1709.01507).
    fn excitation(&mut self, x: NodeId, squeezed: usize, names: &BlockNames) -> NodeId {
        let channels = self.graph.channels(x);
        let [activation, gate] = self.network.squeeze.clone();
        let [reduce, expand] = &names.squeeze;
        let dense = |name: &str, inputs, outputs| {
            Conv::new(name, inputs, outputs, 1).bias(format!("{name}.bias"))
        };
        let mean = self.graph.apply(Op::GlobalAveragePool, &[x]);
        let factors = self.graph.conv(mean, dense(reduce, channels, squeezed));
        let factors = self.graph.apply(activation, &[factors]);
        let factors = self.graph.conv(factors, dense(expand, squeezed, channels));
        let factors = self.graph.apply(gate, &[factors]);
        self.graph.apply(Op::Multiply, &[x, factors])
    }

    fn layer(
        &mut self,
        x: NodeId,
        mut conv: Conv,
        names: &LayerNames,
        activation: Option<&Op>,
    ) -> NodeId {
        conv.weight = format!("{}.weight", names.conv);
        if let Some(padding) = self.network.padding {
            conv.padding = padding;
        }
        let x = self.graph.conv(x, conv);
        let x = (self.graph).batch_norm_with(x, &names.norm, self.scheme.epsilon);
        match activation {
            Some(activation) => self.graph.apply(activation.clone(), &[x]),
            None => x,
        }
    }
}
