//! The frozen ImageNet networks that patch features are taken from.

mod mobilenet;
mod resnet;
mod vgg;

use std::fmt;
use std::str::FromStr;

use crate::network::{Graph, NodeId};

/// A backbone by its torchvision name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backbone {
    /// The method's own choice, arXiv 2206.04325.
    WideResnet50,
    /// Small and fast; published figures exist for comparison.
    Resnet18,
    /// VGG-19 with batch normalisation.
    Vgg19Bn,
    /// The smallest; its weights are fetched by `cargo xtask setup`.
    MobilenetV2,
}

/// A feature map that the method reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tap {
    /// Name of the layer in torchvision.
    pub layer: &'static str,
    /// Channels.
    pub channels: usize,
    /// Input pixels per position.
    pub stride: usize,
}

impl Backbone {
    /// All backbones, in the order in which they are listed to a user.
    pub const ALL: [Self; 4] = [
        Self::WideResnet50,
        Self::Resnet18,
        Self::MobilenetV2,
        Self::Vgg19Bn,
    ];

    /// Name as in torchvision and anomalib.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::WideResnet50 => "wide_resnet50_2",
            Self::Resnet18 => "resnet18",
            Self::Vgg19Bn => "vgg19_bn",
            Self::MobilenetV2 => "mobilenet_v2",
        }
    }

    /// The three feature maps, highest resolution first (SPEC 3).
    #[must_use]
    pub fn taps(self) -> [Tap; 3] {
        let tap = |layer, channels, stride| Tap {
            layer,
            channels,
            stride,
        };
        match self {
            Self::WideResnet50 => [
                tap("layer1", 256, 4),
                tap("layer2", 512, 8),
                tap("layer3", 1024, 16),
            ],
            Self::Resnet18 => [
                tap("layer1", 64, 4),
                tap("layer2", 128, 8),
                tap("layer3", 256, 16),
            ],
            Self::Vgg19Bn => [
                tap("features.25", 256, 4),
                tap("features.38", 512, 8),
                tap("features.52", 512, 32),
            ],
            Self::MobilenetV2 => [
                tap("features.3", 24, 4),
                tap("features.6", 32, 8),
                tap("features.13", 96, 16),
            ],
        }
    }

    /// Sum of the taps' channels: "dim" of the reference.
    #[must_use]
    pub fn feature_channels(self) -> usize {
        self.taps().iter().map(|tap| tap.channels).sum()
    }

    /// Normalised picture N×3×H×W in, the three feature maps out.
    #[must_use]
    pub fn graph(self) -> Graph {
        let mut graph = Graph::new();
        let picture = graph.input(3);
        let taps: [NodeId; 3] = match self {
            Self::WideResnet50 => resnet::wide_resnet50(&mut graph, picture),
            Self::Resnet18 => resnet::resnet18(&mut graph, picture),
            Self::Vgg19Bn => vgg::vgg19_bn(&mut graph, picture),
            Self::MobilenetV2 => mobilenet::mobilenet_v2(&mut graph, picture),
        };
        for tap in taps {
            graph.output(tap);
        }
        graph
    }

    /// Beginnings of tensor names that torchvision's file holds for layers
    /// behind the last tap.
    #[must_use]
    pub fn unused_prefixes(self) -> &'static [&'static str] {
        match self {
            Self::WideResnet50 | Self::Resnet18 => &["layer4.", "fc."],
            Self::Vgg19Bn => &["classifier."],
            Self::MobilenetV2 => &[
                "features.14.",
                "features.15.",
                "features.16.",
                "features.17.",
                "features.18.",
                "classifier.",
            ],
        }
    }
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
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn graphs_end_in_the_listed_taps() {
        for backbone in Backbone::ALL {
            let graph = backbone.graph();
            let channels: Vec<_> = graph.outputs().iter().map(|&n| graph.channels(n)).collect();
            assert_eq!(channels, backbone.taps().map(|t| t.channels), "{backbone}");
            assert_eq!(backbone.name().parse::<Backbone>().unwrap(), backbone);
        }
    }

    /// Parameter counts up to the last tap, without batch statistics, summed by
    /// hand from torchvision's modules.
    #[test]
    fn graphs_have_the_published_number_of_parameters() {
        let count = |backbone: Backbone| -> usize {
            let needed = backbone.graph().parameters();
            let learned = needed.iter().filter(|p| !p.name.contains("running_"));
            learned.map(|p| p.shape.iter().product::<usize>()).sum()
        };
        assert_eq!(count(Backbone::Resnet18), 2_782_784);
        assert_eq!(count(Backbone::MobilenetV2), 542_528);
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let message = "resnet9000".parse::<Backbone>().unwrap_err().to_string();
        assert!(message.contains("resnet9000") && message.contains("mobilenet_v2"));
    }
}
