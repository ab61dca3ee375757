use super::UnusedFile;

/// Remarks on one part of a data set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Files that are not used.
    pub left_out: Vec<UnusedFile>,
    /// Further remarks, one sentence each.
    pub remarks: Vec<String>,
}

impl Notes {
    pub(super) fn new(left_out: Vec<UnusedFile>) -> Self {
        Self {
            left_out,
            remarks: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, left_out: Vec<UnusedFile>) {
        self.left_out.extend(left_out);
    }

    pub(super) fn remark(&mut self, text: String) {
        self.remarks.push(text);
    }
}
