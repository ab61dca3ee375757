//! Which release of anomalib wrote a checkpoint. None of them says so, but each left
//! marks.

use cfa_runtime::picture::OrientationRule;
use serde::Serialize;

use super::source::Source;
use crate::backbone::weights::Node;
use crate::cfa::descriptor::Pooling;

/// Releases that can be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Release {
    /// 0.x.
    #[serde(rename = "0.x")]
    V0,
    /// 1.0.0 to 1.2.0.
    #[serde(rename = "1.x")]
    V1,
    /// 2.0.0 to 2.6.x, among which the feature mistake was mended (2.3.2).
    #[serde(rename = "2.0 to 2.6")]
    V2To26,
    /// 2.7.0 and newer.
    #[serde(rename = "2.7 or newer")]
    V27,
    /// The checkpoint has none of the marks.
    #[serde(rename = "unknown")]
    Unknown,
}

impl Release {
    pub(super) fn recognised(source: &Source<'_>) -> Self {
        let root = source.root;
        // A file of weights alone has no module.
        let module = source.module.and_then(Node::class).unwrap_or("");
        let pickled_module = !module.is_empty();
        if root.get("anomalib_components_enabled").is_some() {
            return Self::V27;
        }
        // Only 2.0 to 2.6 kept the pre-processor among the hyper-parameters.
        let hyper_parameters = source.hyper_parameters();
        let keeps = |name| hyper_parameters.is_some_and(|all| all.get(name).is_some());
        if keeps("pre_processor") {
            return Self::V2To26;
        }
        if keeps("model") || module.starts_with("anomalib.models.cfa.") {
            return Self::V0;
        }
        let named = |name| source.root.path(&["state_dict", name]).is_some();
        if named("image_threshold_class") || module.ends_with(".InferenceModel") {
            return Self::V1;
        }
        if pickled_module && module.ends_with("image.cfa.lightning_model.Cfa") {
            return Self::V27;
        }
        Self::Unknown
    }

    /// The pooling of its features, if that is certain (METHOD.md, difference 7).
    #[must_use]
    pub fn pooling(self) -> Option<Pooling> {
        match self {
            Self::V0 | Self::V27 => Some(Pooling::Pooled),
            Self::V1 => Some(Pooling::Raw),
            Self::V2To26 | Self::Unknown => None,
        }
    }

    /// Whether it turned pictures as their files ask: 0.x read them with `OpenCV`, which
    /// does, all later ones with Pillow, which leaves them as they are stored.
    #[must_use]
    pub fn orientation(self) -> OrientationRule {
        match self {
            Self::V0 => OrientationRule::Exif,
            Self::V1 | Self::V2To26 | Self::V27 | Self::Unknown => OrientationRule::Stored,
        }
    }

    /// In words.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::V0 => "anomalib 0.x",
            Self::V1 => "anomalib 1.x",
            Self::V2To26 => "anomalib 2.0 to 2.6",
            Self::V27 => "anomalib 2.7 or newer",
            Self::Unknown => "an unknown release of anomalib",
        }
    }
}
