//! What distinguishes a backbone from the others.

use cfa_runtime::preprocess::{PreprocessingParts, Size};

use super::inverted_residual::InvertedResiduals;
use super::published::PublishedWeights;
use super::resnet::Residuals;
use super::tap::Tap;

/// The description of the layers.
#[derive(Clone, Copy)]
pub(super) enum Network {
    Residuals(Residuals),
    Vgg19,
    InvertedResiduals(fn() -> InvertedResiduals),
}

/// A backbone's line in the table.
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) network: Network,
    pub(super) taps: [Tap; 3],
    /// Beginnings of names of layers behind the last tap.
    pub(super) unused: [&'static [&'static str]; 2],
    /// Mean and standard deviation of the training, samples in 0…1; `None`:
    /// `ImageNet`'s.
    pub(super) normalisation: Option<(f32, f32)>,
    /// The official code's treatment of efficientnet-b5 (METHOD.md, section 4): pooled maps
    /// divided by their channel count, D = floor(2·C0/γd).
    pub(super) doubled: bool,
    pub(super) weights: PublishedWeights,
}

impl Entry {
    pub(super) fn preprocessing(
        &self,
        resize: Size,
        center_crop: Option<Size>,
    ) -> PreprocessingParts {
        let imagenet = PreprocessingParts::imagenet(resize, center_crop);
        match self.normalisation {
            None => imagenet,
            Some((mean, std)) => PreprocessingParts {
                mean: [mean; 3],
                std: [std; 3],
                ..imagenet
            },
        }
    }
}

const RESNET_TAIL: [&[&str]; 2] = [&["layer4.", "fc."], &[]];

/// Behind the fifth stage in timm's names of `MobileNets` and `EfficientNets`.
pub(super) const TIMM_TAIL: &[&str] = &[
    "blocks.5.",
    "blocks.6.",
    "conv_head.",
    "bn2.",
    "classifier.",
];

pub(super) const EFFICIENTNET_TAIL: &[&str] = &["features.6.", "features.7.", "features.8."];

pub(super) const fn taps(
    layers: [&'static str; 3],
    channels: [usize; 3],
    strides: [usize; 3],
) -> [Tap; 3] {
    let mut taps = [Tap {
        layer: "",
        channels: 0,
        stride: 0,
    }; 3];
    let mut i = 0;
    while i < 3 {
        taps[i] = Tap {
            layer: layers[i],
            channels: channels[i],
            stride: strides[i],
        };
        i += 1;
    }
    taps
}

const LAYERS: [&str; 3] = ["layer1", "layer2", "layer3"];
pub(super) const STRIDES: [usize; 3] = [4, 8, 16];

pub(super) const fn residuals(
    name: &'static str,
    network: Residuals,
    channels: [usize; 3],
    weights: PublishedWeights,
) -> Entry {
    Entry {
        name,
        network: Network::Residuals(network),
        taps: taps(LAYERS, channels, STRIDES),
        unused: RESNET_TAIL,
        normalisation: None,
        doubled: false,
        weights,
    }
}

pub(super) const fn torchvision(
    files: &'static [&'static str],
    hub: &'static str,
) -> PublishedWeights {
    PublishedWeights {
        torchvision: files,
        hub,
        timm: None,
        pip: None,
    }
}
