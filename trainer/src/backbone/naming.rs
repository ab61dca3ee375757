//! The names of the layers in weight files.

use super::block::Block;

/// The publisher whose names a weight file uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Naming {
    /// torchvision's; timm's too for `ResNet` and VGG.
    Torchvision,
    /// timm's, where they differ.
    Timm,
    /// The names of the port of `EfficientNet` from `TensorFlow`: `_conv_stem`, `_blocks.N`.
    EfficientnetPytorch,
}

impl Naming {
    /// Every naming.
    pub const ALL: [Self; 3] = [Self::Torchvision, Self::Timm, Self::EfficientnetPytorch];

    /// The naming that a network of inverted residuals with these tensors uses.
    pub(super) fn used_by<'a>(mut names: impl Iterator<Item = &'a str>) -> Self {
        names
            .find_map(|name| match name {
                "conv_stem.weight" => Some(Self::Timm),
                "_conv_stem.weight" => Some(Self::EfficientnetPytorch),
                _ => None,
            })
            .unwrap_or(Self::Torchvision)
    }
}

/// The order in which names count layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// `features.{block + 1}.conv.*`, as in torchvision's `MobileNetV2`.
    MobilenetV2,
    /// `features.{block + 1}.block.*`, as in torchvision's `MobileNetV3`.
    Blocks,
    /// `features.{stage + 1}.{block}.block.*`, as in torchvision's `EfficientNet`.
    Stages,
    /// `blocks.{stage}.{block}.*`
    Timm,
    /// `_blocks.{block}.*`
    EfficientnetPytorch,
}

/// A naming of an architecture, and the epsilon of its batch normalisations,
/// which differs between publishers of the same architecture.
#[derive(Debug)]
pub(super) struct Scheme {
    pub(super) naming: Naming,
    pub(super) layout: Layout,
    pub(super) epsilon: f64,
}

/// A convolution and the batch normalisation behind it.
pub(super) struct LayerNames {
    pub(super) conv: String,
    pub(super) norm: String,
}

impl LayerNames {
    fn new(prefix: &str, conv: impl AsRef<str>, norm: impl AsRef<str>) -> Self {
        Self {
            conv: format!("{prefix}{}", conv.as_ref()),
            norm: format!("{prefix}{}", norm.as_ref()),
        }
    }
}

/// The layers of a block.
pub(super) struct BlockNames {
    pub(super) expand: LayerNames,
    pub(super) depthwise: LayerNames,
    pub(super) squeeze: [String; 2],
    pub(super) project: LayerNames,
}

impl Scheme {
    pub(super) const fn new(naming: Naming, layout: Layout, epsilon: f64) -> Self {
        Self {
            naming,
            layout,
            epsilon,
        }
    }

    pub(super) fn stem(&self) -> LayerNames {
        let (conv, norm) = match self.layout {
            Layout::Timm => ("conv_stem", "bn1"),
            Layout::EfficientnetPytorch => ("_conv_stem", "_bn0"),
            _ => ("features.0.0", "features.0.1"),
        };
        LayerNames::new("", conv, norm)
    }

    /// A block that has no expansion leaves it out of the count.
    pub(super) fn block(&self, block: &Block, expands: bool) -> BlockNames {
        let Block {
            stage,
            position,
            index,
            ..
        } = block;
        match self.layout {
            Layout::MobilenetV2 => mobilenet_v2(&format!("features.{}.conv.", index + 1), expands),
            Layout::Blocks => numbered(&format!("features.{}.block.", index + 1), block, expands),
            Layout::Stages => {
                let prefix = format!("features.{}.{position}.block.", stage + 1);
                numbered(&prefix, block, expands)
            }
            Layout::Timm => timm(&format!("blocks.{stage}.{position}."), expands),
            Layout::EfficientnetPytorch => efficientnet_pytorch(&format!("_blocks.{index}.")),
        }
    }
}

fn mobilenet_v2(prefix: &str, expands: bool) -> BlockNames {
    let depthwise = usize::from(expands);
    let layer = |conv: String, norm: String| LayerNames::new(prefix, conv, norm);
    BlockNames {
        expand: layer("0.0".into(), "0.1".into()),
        depthwise: layer(format!("{depthwise}.0"), format!("{depthwise}.1")),
        squeeze: Default::default(),
        project: layer((depthwise + 1).to_string(), (depthwise + 2).to_string()),
    }
}

fn numbered(prefix: &str, block: &Block, expands: bool) -> BlockNames {
    let depthwise = usize::from(expands);
    let squeeze = depthwise + 1;
    let project = squeeze + usize::from(block.squeezed.is_some());
    let layer = |n: usize| LayerNames::new(prefix, format!("{n}.0"), format!("{n}.1"));
    BlockNames {
        expand: layer(0),
        depthwise: layer(depthwise),
        squeeze: [1, 2].map(|n| format!("{prefix}{squeeze}.fc{n}")),
        project: layer(project),
    }
}

fn timm(prefix: &str, expands: bool) -> BlockNames {
    let (depthwise, project, last) = if expands {
        ("bn2", "conv_pwl", "bn3")
    } else {
        ("bn1", "conv_pw", "bn2")
    };
    BlockNames {
        expand: LayerNames::new(prefix, "conv_pw", "bn1"),
        depthwise: LayerNames::new(prefix, "conv_dw", depthwise),
        squeeze: ["reduce", "expand"].map(|part| format!("{prefix}se.conv_{part}")),
        project: LayerNames::new(prefix, project, last),
    }
}

fn efficientnet_pytorch(prefix: &str) -> BlockNames {
    BlockNames {
        expand: LayerNames::new(prefix, "_expand_conv", "_bn0"),
        depthwise: LayerNames::new(prefix, "_depthwise_conv", "_bn1"),
        squeeze: ["reduce", "expand"].map(|part| format!("{prefix}_se_{part}")),
        project: LayerNames::new(prefix, "_project_conv", "_bn2"),
    }
}
