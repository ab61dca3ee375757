//! The coefficients that the scans of a file hold, so that a missing scan is noticed.
//!
//! libjpeg does not warn when a file ends after some of its scans. It leaves the
//! coefficients of the others at zero or at a low precision.

use super::frame::Frame;

const COEFFICIENTS: usize = 64;

/// For each component of the frame, the coefficients that are known to the last bit.
#[derive(Debug)]
pub(super) struct Completeness<'a> {
    frame: &'a Frame,
    exact: Vec<[bool; COEFFICIENTS]>,
}

impl<'a> Completeness<'a> {
    pub(super) fn new(frame: &'a Frame) -> Self {
        Self {
            frame,
            exact: vec![[false; COEFFICIENTS]; frame.component_ids.len()],
        }
    }

    /// Takes note of a scan by the contents of its header (ITU T.81, B.2.3). A header that
    /// makes no sense adds no coefficients, so that the file counts as incomplete; libjpeg
    /// reports the details.
    pub(super) fn add(&mut self, contents: &[u8]) {
        let Some((&count, rest)) = contents.split_first() else {
            return;
        };
        let Some((ids, &[first, last, precision])) = rest
            .split_at_checked(2 * usize::from(count))
            .and_then(|(ids, rest)| Some((ids, rest.first_chunk::<3>()?)))
        else {
            return;
        };
        let brought = match (self.frame.is_progressive(), precision & 0x0F) {
            (true, 0) => usize::from(first)..=usize::from(last),
            (true, _less_precise) => return,
            (false, _) => 0..=COEFFICIENTS - 1,
        };
        for id in ids.iter().step_by(2) {
            self.mark(*id, brought.clone());
        }
    }

    fn mark(&mut self, id: u8, brought: std::ops::RangeInclusive<usize>) {
        let components = self.frame.component_ids.iter().zip(&mut self.exact);
        for (_, exact) in components.filter(|&(&component, _)| component == id) {
            if let Some(coefficients) = exact.get_mut(brought.clone()) {
                coefficients.fill(true);
            }
        }
    }

    pub(super) fn is_complete(&self) -> bool {
        self.exact.iter().flatten().all(|&exact| exact)
    }
}
