//! The two ways in which the method is known.

use std::fmt;
use std::str::FromStr;

use cfa_runtime::picture::OrientationRule;
use cfa_runtime::preprocess::{AspectRule, ResizeFilter, Size};
use cfa_runtime::training_support::cfa::anomaly_map::Border;

use super::settings::FitSettings;
use crate::backbone::{Backbone, TapActivation};

/// The implementation that default settings are taken from. Both presets have pooled features,
/// a bank that weighs pictures alike, squared distances of at least 0, repulsion from index K,
/// and seeded k-means++ (METHOD.md, section 15). Both keep the last, smaller batch of an epoch
/// and hold out a tenth of the pictures for calibration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Preset {
    /// The settings of anomalib: taps after the ReLU, constant radius, pictures stretched by
    /// an antialiased bilinear resize, blur mirrored without the edge. The crop to 224
    /// and the batch of 4 are the paper's.
    #[default]
    Anomalib,
    /// The settings of the authors' code: taps before the ReLU through a `LeakyReLU`, trained
    /// radius, the shorter side resized by Lanczos, blur mirrored with the edge.
    Paper,
}

impl Preset {
    /// All presets.
    pub const ALL: [Self; 2] = [Self::Anomalib, Self::Paper];

    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Anomalib => "anomalib",
            Self::Paper => "paper",
        }
    }

    /// The settings (METHOD.md, sections 1 and 15).
    #[must_use]
    pub fn settings(self) -> FitSettings {
        let square = |side| Size {
            height: side,
            width: side,
        };
        let anomalib = FitSettings {
            backbone: Backbone::WideResnet50.name().to_owned(),
            tap_activation: TapActivation::Relu,
            orientation: OrientationRule::Exif,
            white_level: None,
            image_size: square(256),
            resize_filter: ResizeFilter::BilinearAntialias,
            aspect: AspectRule::Stretch,
            center_crop: Some(square(224)),
            epochs: 30,
            batch_size: 4,
            learning_rate: 1e-3,
            weight_decay: 5e-4,
            gamma_c: 1,
            gamma_d: 1,
            neighbors: 3,
            hard_negatives: 3,
            radius: 1e-5,
            train_radius: false,
            border: Border::Mirror,
            seed: 0,
            calibration_split: 0.1,
            selection_split: 0.0,
            count_similar: false,
        };
        match self {
            Self::Anomalib => anomalib,
            Self::Paper => FitSettings {
                tap_activation: TapActivation::LeakyRelu,
                resize_filter: ResizeFilter::Lanczos8Bit,
                aspect: AspectRule::ShorterSide,
                train_radius: true,
                border: Border::MirrorRepeatEdge,
                ..anomalib
            },
        }
    }
}

impl Default for FitSettings {
    fn default() -> Self {
        Preset::default().settings()
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A preset name that is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown preset '{name}'; choose anomalib or paper")]
pub struct UnknownPreset {
    name: String,
}

impl FromStr for Preset {
    type Err = UnknownPreset;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|preset| preset.name() == name)
            .ok_or_else(|| UnknownPreset { name: name.into() })
    }
}
