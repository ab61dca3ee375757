//! What distinguishes the backbones, as a table.

use cfa_runtime::preprocess::{PreprocessingParts, Size};

use super::efficientnet::{efficientnet_b0, efficientnet_b5, efficientnet_lite0};
use super::inverted_residual::InvertedResiduals;
use super::mobilenet::{mobilenet_v2, mobilenet_v3_large};
use super::published::{PipPackage, PublishedWeights};
use super::resnet::{RESNET18, RESNET34, RESNET50, Residuals, WIDE_RESNET50};
use super::{Backbone, Tap};

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
const TIMM_TAIL: &[&str] = &[
    "blocks.5.",
    "blocks.6.",
    "conv_head.",
    "bn2.",
    "classifier.",
];

const EFFICIENTNET_TAIL: &[&str] = &["features.6.", "features.7.", "features.8."];

const fn taps(layers: [&'static str; 3], channels: [usize; 3], strides: [usize; 3]) -> [Tap; 3] {
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
const STRIDES: [usize; 3] = [4, 8, 16];

const fn residuals(
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

const fn torchvision(files: &'static [&'static str], hub: &'static str) -> PublishedWeights {
    PublishedWeights {
        torchvision: files,
        hub,
        timm: None,
        pip: None,
    }
}

static WIDE: Entry = residuals(
    "wide_resnet50_2",
    WIDE_RESNET50,
    [256, 512, 1024],
    torchvision(
        &[
            "wide_resnet50_2-95faca4d.pth",
            "wide_resnet50_2-9ba9bcbe.pth",
        ],
        "timm/wide_resnet50_2.tv_in1k",
    ),
);

static R18: Entry = residuals(
    "resnet18",
    RESNET18,
    [64, 128, 256],
    torchvision(&["resnet18-f37072fd.pth"], "timm/resnet18.tv_in1k"),
);

static R34: Entry = residuals(
    "resnet34",
    RESNET34,
    [64, 128, 256],
    torchvision(&["resnet34-b627a593.pth"], "timm/resnet34.tv_in1k"),
);

static R50: Entry = residuals(
    "resnet50",
    RESNET50,
    [256, 512, 1024],
    torchvision(
        &["resnet50-0676ba61.pth", "resnet50-11ad3fa6.pth"],
        "timm/resnet50.tv_in1k",
    ),
);

static VGG: Entry = Entry {
    name: "vgg19_bn",
    network: Network::Vgg19,
    taps: taps(
        ["features.25", "features.38", "features.52"],
        [256, 512, 512],
        [4, 8, 32],
    ),
    unused: [&["classifier."], &["pre_logits.", "head."]],
    normalisation: None,
    doubled: false,
    weights: torchvision(&["vgg19_bn-c79401a0.pth"], "timm/vgg19_bn.tv_in1k"),
};

static MOBILENET_V2: Entry = Entry {
    name: "mobilenet_v2",
    network: Network::InvertedResiduals(mobilenet_v2),
    taps: taps(
        ["features.3", "features.6", "features.13"],
        [24, 32, 96],
        STRIDES,
    ),
    unused: [
        &[
            "features.14.",
            "features.15.",
            "features.16.",
            "features.17.",
            "features.18.",
        ],
        TIMM_TAIL,
    ],
    normalisation: None,
    doubled: false,
    weights: PublishedWeights {
        pip: Some(PipPackage::MOBILENET_V2),
        ..torchvision(
            &["mobilenet_v2-b0353104.pth", "mobilenet_v2-7ebf99e0.pth"],
            "timm/mobilenetv2_100.ra_in1k",
        )
    },
};

static MOBILENET_V3: Entry = Entry {
    name: "mobilenet_v3_large",
    network: Network::InvertedResiduals(mobilenet_v3_large),
    taps: taps(
        ["features.3", "features.6", "features.12"],
        [24, 40, 112],
        STRIDES,
    ),
    unused: [
        &[
            "features.13.",
            "features.14.",
            "features.15.",
            "features.16.",
        ],
        TIMM_TAIL,
    ],
    normalisation: None,
    doubled: false,
    weights: PublishedWeights {
        timm: Some(["mobilenetv3_large_100", "tf_mobilenetv3_large_100"]),
        ..torchvision(
            &[
                "mobilenet_v3_large-8738ca79.pth",
                "mobilenet_v3_large-5c1a4163.pth",
            ],
            "timm/mobilenetv3_large_100.ra_in1k",
        )
    },
};

static EFFICIENTNET_B0: Entry = Entry {
    name: "efficientnet_b0",
    network: Network::InvertedResiduals(efficientnet_b0),
    taps: taps(
        ["features.2", "features.3", "features.5"],
        [24, 40, 112],
        STRIDES,
    ),
    unused: [EFFICIENTNET_TAIL, TIMM_TAIL],
    normalisation: None,
    doubled: false,
    weights: PublishedWeights {
        timm: Some(["efficientnet_b0", "tf_efficientnet_b0"]),
        ..torchvision(
            &["efficientnet_b0_rwightman-7f5810bc.pth"],
            "timm/efficientnet_b0.ra_in1k",
        )
    },
};

static EFFICIENTNET_B5: Entry = Entry {
    name: "efficientnet_b5",
    network: Network::InvertedResiduals(efficientnet_b5),
    taps: taps(
        ["features.2.0-4", "features.3.2-4", "features.5.6"],
        [200, 192, 176],
        STRIDES,
    ),
    unused: [EFFICIENTNET_TAIL, TIMM_TAIL],
    normalisation: None,
    doubled: true,
    weights: PublishedWeights {
        timm: Some(["efficientnet_b5", "tf_efficientnet_b5"]),
        ..torchvision(
            &["efficientnet_b5_lukemelas-1a07897c.pth"],
            "timm/efficientnet_b5.sw_in12k_ft_in1k",
        )
    },
};

static EFFICIENTNET_LITE0: Entry = Entry {
    name: "efficientnet_lite0",
    network: Network::InvertedResiduals(efficientnet_lite0),
    taps: taps(
        ["_blocks.2", "_blocks.4", "_blocks.10"],
        [24, 40, 112],
        STRIDES,
    ),
    unused: [
        &[
            "_blocks.11.",
            "_blocks.12.",
            "_blocks.13.",
            "_blocks.14.",
            "_blocks.15.",
            "_conv_head.",
            "_bn1.",
            "_fc.",
        ],
        TIMM_TAIL,
    ],
    normalisation: Some((127.0 / 255.0, 128.0 / 255.0)),
    doubled: false,
    weights: PublishedWeights {
        torchvision: &[],
        hub: "timm/tf_efficientnet_lite0.in1k",
        timm: Some(["tf_efficientnet_lite0", "efficientnet_lite0"]),
        pip: Some(PipPackage::EFFICIENTNET_LITE0),
    },
};

pub(super) fn entry(backbone: Backbone) -> &'static Entry {
    match backbone {
        Backbone::WideResnet50 => &WIDE,
        Backbone::Resnet18 => &R18,
        Backbone::Resnet34 => &R34,
        Backbone::Resnet50 => &R50,
        Backbone::Vgg19Bn => &VGG,
        Backbone::MobilenetV2 => &MOBILENET_V2,
        Backbone::MobilenetV3Large => &MOBILENET_V3,
        Backbone::EfficientnetB0 => &EFFICIENTNET_B0,
        Backbone::EfficientnetB5 => &EFFICIENTNET_B5,
        Backbone::EfficientnetLite0 => &EFFICIENTNET_LITE0,
    }
}
