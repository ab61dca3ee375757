//! What a caller may choose.

use std::num::NonZeroU16;

use super::HeadPlacement;
use crate::calibration::DecisionOptions;
use crate::cores::CoreAffinity;
use crate::network::ProviderOptions;
use crate::picture::{DamageRule, Limits};

/// How an [`Inspector`](super::Inspector) runs.
#[derive(Debug, Clone, Default)]
pub struct InspectorOptions {
    /// Threads for the network and as many for the head, at least 1; `None` takes as
    /// many as the machine offers. They work at the same time in
    /// [`Inspector::inspect_each`](super::Inspector::inspect_each).
    pub threads: Option<usize>,
    /// The provider that computes the network.
    pub provider: ProviderOptions,
    /// Where the head is computed, which follows the network.
    pub head: HeadPlacement,
    /// How many pictures may go through the network in one run of
    /// [`Inspector::inspect_each`](super::Inspector::inspect_each), up to
    /// [`LARGEST_BATCH`](crate::network::LARGEST_BATCH); `None` is one.
    pub batch: Option<usize>,
    /// Whether the cores of this inspector's threads may be chosen, those of the network and
    /// of the head.
    pub core_affinity: CoreAffinity,
    /// Which picture files are refused.
    pub limits: Limits,
    /// Whether damaged picture files are refused.
    pub damage: DamageRule,
    /// Whether an [`Inspection`](super::Inspection) holds the picture that it was computed
    /// from, for example to draw an overlay. A picture takes 3 or 6 bytes a pixel, and
    /// [`Inspector::inspect_each`](super::Inspector::inspect_each) works on several.
    pub keep_pictures: bool,
    /// The 16-bit sample that is white, instead of the model's; 65535 is the full range.
    pub white_level: Option<NonZeroU16>,
    /// Thresholds that replace those of the bundle.
    pub decision: DecisionOptions,
}
