//! The frozen ImageNet networks that patch features are taken from.

mod block;
mod catalogue;
mod efficientnet;
mod entry;
mod inverted_residual;
mod mobilenet;
mod naming;
mod published;
mod resnet;
mod stored;
mod tap;
mod vgg;
pub mod weights;
pub mod weights_source;

use std::fmt;
use std::str::FromStr;

use cfa_runtime::preprocess::{PreprocessingParts, Size};

pub use catalogue::Backbone;
pub use naming::Naming;
pub use published::{PipPackage, PublishedWeights};
pub use stored::{ForeignWeights, UnfitWeights};
pub use tap::{Tap, TapActivation, UnknownTapActivation};

use crate::cfa::descriptor::{DescriptorShape, with_pooling};
use crate::network::{Graph, NodeId, Op};
use entry::Network;

impl Backbone {
    /// Name as in torchvision and anomalib.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// The three feature maps, highest resolution first (METHOD.md, section 3).
    #[must_use]
    pub fn taps(self) -> [Tap; 3] {
        self.entry().taps
    }

    /// Sum of the taps' channels: "dim" of the reference.
    #[must_use]
    pub fn feature_channels(self) -> usize {
        self.taps().iter().map(|tap| tap.channels).sum()
    }

    /// Where weights can be had.
    #[must_use]
    pub fn published_weights(self) -> &'static PublishedWeights {
        &self.entry().weights
    }

    /// From a picture to the network's input, normalised as in its training.
    #[must_use]
    pub fn preprocessing(self, resize: Size, center_crop: Option<Size>) -> PreprocessingParts {
        self.entry().preprocessing(resize, center_crop)
    }

    /// Shape of the descriptor: D = floor(C0 / `gamma_d`), for `efficientnet_b5`
    /// floor(2·C0 / `gamma_d`) (METHOD.md, section 4). `None` when nothing would be left.
    #[must_use]
    pub fn descriptor_shape(self, gamma_d: usize) -> Option<DescriptorShape> {
        let channels = self.taps().map(|tap| tap.channels);
        let expansion = if self.entry().doubled { 2 } else { 1 };
        DescriptorShape::expanded(channels, expansion, gamma_d)
    }

    /// Normalised picture N×3×H×W in, the three feature maps out.
    #[must_use]
    pub fn graph(self, activation: TapActivation) -> Graph {
        match self.entry().network {
            Network::InvertedResiduals(table) => {
                let table = table();
                with_taps(activation, |graph, picture| {
                    table.build(graph, picture, table.own_scheme())
                })
            }
            Network::Residuals(table) => with_taps(activation, |graph, picture| {
                table.build(graph, picture, activation)
            }),
            Network::Vgg19 => with_taps(activation, vgg::vgg19_bn),
        }
    }

    /// The network as it is stored under a publisher's names and with the
    /// publisher's epsilons; `None` when no such file fits.
    #[must_use]
    pub fn stored_graph(self, naming: Naming) -> Option<Graph> {
        match self.entry().network {
            Network::InvertedResiduals(table) => {
                let table = table();
                let scheme = table.scheme(naming)?;
                let build = |graph: &mut Graph, picture| table.build(graph, picture, scheme);
                Some(with_taps(TapActivation::Relu, build))
            }
            Network::Residuals(_) | Network::Vgg19 => {
                (naming == Naming::Torchvision).then(|| self.graph(TapActivation::Relu))
            }
        }
    }

    /// [`Self::graph`] with pooled maps as its outputs (METHOD.md, section 4); those of
    /// `efficientnet_b5` are also divided by their number of channels.
    #[must_use]
    pub fn pooled_graph(self, activation: TapActivation) -> Graph {
        let graph = with_pooling(&self.graph(activation));
        if !self.entry().doubled {
            return graph;
        }
        let maps = graph.outputs().to_vec();
        let mut divided = graph.without_outputs();
        for map in maps {
            let factor = 1.0 / divided.channels(map) as f32;
            let map = divided.apply(Op::Scale(factor), &[map]);
            divided.output(map);
        }
        divided
    }

    /// Beginnings of tensor names that files hold for layers behind the last tap.
    #[must_use]
    pub fn unused_prefixes(self) -> Vec<&'static str> {
        self.entry().unused.concat()
    }
}

/// A graph from a picture to the three maps that `build` gives, behind the activation.
fn with_taps(
    activation: TapActivation,
    build: impl FnOnce(&mut Graph, NodeId) -> [NodeId; 3],
) -> Graph {
    let mut graph = Graph::new();
    let picture = graph.input(3);
    for tap in build(&mut graph, picture) {
        let op = activation.op();
        let tap = op.map_or(tap, |op| graph.apply(op, &[tap]));
        graph.output(tap);
    }
    graph
}

impl fmt::Display for Backbone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A backbone name that is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown backbone '{name}'; choose one of {known}", known = known_names())]
pub struct UnknownBackbone {
    name: String,
}

fn known_names() -> String {
    Backbone::ALL.map(Backbone::name).join(", ")
}

impl FromStr for Backbone {
    type Err = UnknownBackbone;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|b| b.name() == name)
            .ok_or_else(|| UnknownBackbone { name: name.into() })
    }
}

#[cfg(test)]
mod tests;
