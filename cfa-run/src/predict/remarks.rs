//! Remarks about pictures for people: each kind once, however long the program runs.

use std::mem::replace;
use std::path::Path;

use cfa_runtime::Inspection;
use cfa_runtime::preprocess::DepthRemark;

use crate::pictures::remarked;

/// Which kinds of remarks were made.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    few_bits: bool,
    above_white_level: bool,
}

impl Remarks {
    /// A line for the first picture of each kind; JSON lines tell it of every picture.
    pub(super) fn first(&mut self, path: &Path, inspection: &Inspection) -> Option<String> {
        let remark = inspection.depth_remark?;
        let made = match remark {
            DepthRemark::FewBits { .. } => &mut self.few_bits,
            DepthRemark::AboveWhiteLevel { .. } => &mut self.above_white_level,
        };
        if replace(made, true) {
            return None;
        }
        let (path, remark) = (path.display(), remarked(remark));
        Some(format!(
            "warning: {path}: {remark} (said once; --json says it of every picture)"
        ))
    }
}
