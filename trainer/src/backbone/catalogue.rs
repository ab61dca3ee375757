//! The backbones: each is one entry of one table.

use super::efficientnet::{efficientnet_b0, efficientnet_b5, efficientnet_lite0};
use super::entry::{
    EFFICIENTNET_TAIL, Entry, Network, STRIDES, TIMM_TAIL, residuals, taps, torchvision,
};
use super::mobilenet::{mobilenet_v2, mobilenet_v3_large};
use super::published::{PipPackage, PublishedWeights};
use super::resnet::{RESNET18, RESNET34, RESNET50, WIDE_RESNET50};

/// Makes the type [`Backbone`] of a table with one entry for each backbone.
macro_rules! backbones {
    ($($(#[$doc:meta])+ $variant:ident = $entry:expr;)+) => {
        /// A backbone by its torchvision name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Backbone {
            $($(#[$doc])+ $variant,)+
        }

        impl Backbone {
            /// All backbones, in the order in which they are listed to a user.
            pub const ALL: [Self; [$(stringify!($variant)),+].len()] = [$(Self::$variant),+];
        }

        static ENTRIES: [Entry; Backbone::ALL.len()] = [$($entry),+];
    };
}

impl Backbone {
    pub(super) fn entry(self) -> &'static Entry {
        &ENTRIES[self as usize]
    }
}

// The entries stand in the order in which they are listed to a user.
backbones! {
    /// The method's own choice, arXiv 2206.04325.
    WideResnet50 = residuals(
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
    /// Small and fast; published figures exist for comparison.
    Resnet18 = residuals(
        "resnet18",
        RESNET18,
        [64, 128, 256],
        torchvision(&["resnet18-f37072fd.pth"], "timm/resnet18.tv_in1k"),
    );
    /// ResNet-18 with twice as many layers.
    Resnet34 = residuals(
        "resnet34",
        RESNET34,
        [64, 128, 256],
        torchvision(&["resnet34-b627a593.pth"], "timm/resnet34.tv_in1k"),
    );
    /// The wide one's model, half as wide inside its blocks.
    Resnet50 = residuals(
        "resnet50",
        RESNET50,
        [256, 512, 1024],
        torchvision(
            &["resnet50-0676ba61.pth", "resnet50-11ad3fa6.pth"],
            "timm/resnet50.tv_in1k",
        ),
    );
    /// The smallest; its weights come with a Python package.
    MobilenetV2 = Entry {
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
    /// As fast as `MobileNetV2`, with squeeze-and-excitation.
    MobilenetV3Large = Entry {
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
    /// Made for small devices: no squeeze-and-excitation. Padded as in
    /// `TensorFlow`, where its weights come from; they come with a Python package.
    EfficientnetLite0 = Entry {
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
    /// The smallest `EfficientNet`, padded as torchvision and timm pad it.
    EfficientnetB0 = Entry {
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
    /// The paper's fourth backbone, as torchvision has it: its weights were trained
    /// under `TensorFlow`'s padding, torchvision runs them with half the kernel on
    /// each side. The official code pads as `TensorFlow` does for 456 px.
    EfficientnetB5 = Entry {
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
    /// VGG-19 with batch normalisation.
    Vgg19Bn = Entry {
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
}
