//! The results as they come: each is printed, and together they make the exit code.

use std::io::{self, ErrorKind, Write, stdout};
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Error, Result};
use indicatif::ProgressBar;

use super::line::Line;
use super::listing::Listing;
use super::remarks::Remarks;
use crate::inputs::{Input, Inputs, PassedOver, Reason, Tally};
use crate::{Outcome, progress, say, unwritten};

/// Fewer pictures than this need no progress bar.
const MANY_PICTURES: usize = 5;

/// What was printed so far, and what it amounts to.
#[derive(Debug)]
pub(super) struct Report {
    listing: Listing,
    bar: ProgressBar,
    outcome: Outcome,
    inspected: usize,
    failed: usize,
    passed_over: PassedOver,
    /// Pictures whose files do not have the usual names.
    renamed: Tally,
    /// For people; `None` where JSON lines tell them.
    remarks: Option<Remarks>,
}

impl Report {
    /// With `verdicts` a table has a column for them.
    pub(super) fn new(json: bool, inputs: &mut Inputs, verdicts: bool) -> Self {
        let pictures = inputs.pictures.len();
        let many = pictures >= MANY_PICTURES && !inputs.standard_input;
        Self {
            listing: Listing::new(json, inputs, verdicts),
            bar: progress::bar(pictures, many && !json),
            outcome: Outcome::Fine,
            inspected: 0,
            failed: 0,
            passed_over: std::mem::take(&mut inputs.passed_over),
            renamed: Tally::default(),
            remarks: (!json).then(Remarks::default),
        }
    }

    /// Prints what there is to tell of a picture, at once. `Break`: nobody reads any more, so
    /// further pictures need not be inspected; what is known by then stays the outcome.
    pub(super) fn add(&mut self, input: &Input, line: &Line) -> Result<ControlFlow<()>> {
        self.count(&input.path, line);
        let (listing, remarks) = (&mut self.listing, &mut self.remarks);
        let printed = self.bar.suspend(|| {
            if let (Some(remarks), Line::Inspected(inspection, _)) = (remarks, line)
                && let Some(remark) = remarks.first(&input.path, inspection)
            {
                say(&remark);
            }
            let mut out = stdout().lock();
            listing.write(&mut out, input, line)?;
            out.flush()
        });
        self.bar.inc(1);
        until_unread(printed)
    }

    /// Prints why an argument, or something below it, gave no picture.
    pub(super) fn fail(&mut self, path: &Path, error: Error) -> Result<ControlFlow<()>> {
        self.add(&Input::named(path.to_owned()), &Line::Failed(error))
    }

    fn count(&mut self, path: &Path, line: &Line) {
        self.outcome = self.outcome.max(line.outcome());
        match line {
            Line::Inspected(_, saved) => {
                self.inspected += 1;
                if saved.is_renamed {
                    self.renamed.add(path);
                }
            }
            Line::SavedResult => self.passed_over.add(Reason::SavedResult, path),
            Line::Failed(_) => self.failed += 1,
        }
    }

    /// Gives account of what has no result, and tells the worst so far.
    pub(super) fn end(mut self) -> Outcome {
        self.bar.finish_and_clear();
        let passed_over = self.passed_over.count();
        if self.inspected == 0 && self.failed == 0 && passed_over > 0 {
            say("error: no picture was inspected");
            self.outcome = Outcome::Failed;
        }
        for remark in self.passed_over.remarks() {
            say(&format!("remark: {remark}"));
        }
        if self.listing.is_table() {
            self.account_in_table(passed_over);
        }
        self.outcome
    }

    /// JSON lines say the same, picture by picture.
    fn account_in_table(&self, passed_over: usize) {
        if self.renamed.count() > 0 {
            say(&format!(
                "remark: the usual names were taken, so saved files have longer names with the \
                 picture's ending for {}",
                self.renamed.names()
            ));
        }
        if self.failed + passed_over > 0 {
            say(&format!(
                "{} inspected, {} failed, {passed_over} passed over",
                self.inspected, self.failed
            ));
        }
    }
}

fn until_unread(printed: io::Result<()>) -> Result<ControlFlow<()>> {
    match printed {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
        printed => printed.map(ControlFlow::Continue).map_err(unwritten),
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
