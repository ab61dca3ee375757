use super::LeftOut;

/// What is to be told about one part of a data set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// What is not used.
    pub left_out: Vec<LeftOut>,
    /// What else a person should know, a sentence each.
    pub remarks: Vec<String>,
}

impl Notes {
    pub(super) fn new(left_out: Vec<LeftOut>) -> Self {
        Self {
            left_out,
            remarks: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, left_out: Vec<LeftOut>) {
        self.left_out.extend(left_out);
    }

    pub(super) fn remark(&mut self, text: String) {
        self.remarks.push(text);
    }
}
