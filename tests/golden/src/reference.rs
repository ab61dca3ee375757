//! Whose tensors are compared with, and in what the two differ.

use cfa_runtime::training_support::cfa::anomaly_map::Border;
use cfa_train::backbone::TapActivation;

/// An implementation that tensors were dumped from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reference {
    /// anomalib 2.7.0.
    Anomalib,
    /// The authors' code.
    Official,
}

impl Reference {
    pub(crate) const ALL: [Self; 2] = [Self::Anomalib, Self::Official];

    /// First part of its tensors' names.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Anomalib => "anomalib",
            Self::Official => "official",
        }
    }

    /// How a quantity is called in the report.
    pub(crate) fn label(self, quantity: &str) -> String {
        match self {
            Self::Anomalib => quantity.to_owned(),
            Self::Official => format!("official: {quantity}"),
        }
    }

    /// What it does to the tapped maps (METHOD.md, difference 1).
    pub(crate) fn tap_activation(self) -> TapActivation {
        match self {
            Self::Anomalib => TapActivation::Relu,
            Self::Official => TapActivation::LeakyRelu,
        }
    }

    /// How it continues the map for the blur (METHOD.md, difference 15).
    pub(crate) fn border(self) -> Border {
        match self {
            Self::Anomalib => Border::Mirror,
            Self::Official => Border::MirrorRepeatEdge,
        }
    }

    /// Whether the radius learns (METHOD.md, difference 3).
    pub(crate) fn trains_radius(self) -> bool {
        self == Self::Official
    }

    /// How much looser our clustering may be than its own, as a share of the inertia.
    /// The official code's is a single run of scikit-learn without a seed; twelve seeds
    /// there gave inertias from 33.5 to 37.6 and from 71.2 to 77.6 on the committed cases.
    pub(crate) fn inertia_tolerance(self) -> f64 {
        match self {
            Self::Anomalib => 1e-3,
            Self::Official => 5e-2,
        }
    }
}
