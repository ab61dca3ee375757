//! What a session remembers of its calls, however long it lives.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::inspector::Inspection;
use crate::preprocess::DepthRemark;

/// Warnings of ONNX Runtime beyond this number are dropped.
const MOST_WARNINGS: usize = 64;

/// Something that a person should look into. As text, and in JSON, it is one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionWarning {
    /// ONNX Runtime said it.
    Network(String),
    /// The depth of a picture was odd; each kind is kept once.
    Depth(DepthRemark),
}

impl fmt::Display for SessionWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(text) => f.write_str(text),
            Self::Depth(remark) => remark.fmt(f),
        }
    }
}

impl Serialize for SessionWarning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The warnings so far, and the damage of the picture inspected last.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) warnings: Vec<SessionWarning>,
    pub(super) damage: Option<String>,
}

impl Notes {
    pub(super) fn keep(&mut self, warnings: Vec<String>) {
        let room = MOST_WARNINGS.saturating_sub(self.warnings.len());
        let warnings = warnings.into_iter().map(SessionWarning::Network);
        self.warnings.extend(warnings.take(room));
    }

    pub(super) fn take_note(&mut self, inspection: &Inspection) {
        self.damage.clone_from(&inspection.damage);
        if let Some(remark) = inspection.depth_remark {
            self.remark(remark);
        }
    }

    fn remark(&mut self, remark: DepthRemark) {
        let same_kind = |kept: &SessionWarning| {
            matches!(
                (kept, remark),
                (
                    SessionWarning::Depth(DepthRemark::FewBits { .. }),
                    DepthRemark::FewBits { .. }
                ) | (
                    SessionWarning::Depth(DepthRemark::AboveWhiteLevel { .. }),
                    DepthRemark::AboveWhiteLevel { .. }
                )
            )
        };
        if !self.warnings.iter().any(same_kind) {
            self.warnings.push(SessionWarning::Depth(remark));
        }
    }
}
