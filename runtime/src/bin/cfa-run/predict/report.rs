//! The results as they come: each is printed, and together they make the exit code.

use std::io::{self, ErrorKind, Write, stdout};
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::Result;
use cfa_runtime::Inspection;
use indicatif::ProgressBar;

use super::decision;
use super::listing::Listing;
use super::remarks::Remarks;
use super::saving::Saved;
use crate::Outcome;
use crate::inputs::Inputs;
use crate::progress;

/// Fewer pictures than this need no progress bar.
const MANY_PICTURES: usize = 5;

/// What was printed so far, and what it amounts to.
#[derive(Debug)]
pub(super) struct Report {
    listing: Listing,
    bar: ProgressBar,
    outcome: Outcome,
    /// For people; `None` where JSON lines tell them.
    remarks: Option<Remarks>,
}

impl Report {
    /// With `verdicts` a table has a column for them.
    pub(super) fn new(json: bool, inputs: &Inputs, verdicts: bool) -> Self {
        let pictures = inputs.pictures.len();
        let many = pictures >= MANY_PICTURES && !inputs.standard_input;
        Self {
            listing: Listing::new(json, inputs, verdicts),
            bar: progress::bar(pictures, many && !json),
            outcome: Outcome::Fine,
            remarks: (!json).then(Remarks::default),
        }
    }

    /// Prints a line at once. `Break`: nobody reads any more, so further pictures need
    /// not be inspected; what is known by then stays the outcome.
    pub(super) fn add(
        &mut self,
        path: &Path,
        line: Result<(Inspection, Saved)>,
    ) -> io::Result<ControlFlow<()>> {
        self.outcome = self.outcome.max(match &line {
            Ok((inspection, _saved)) => decision::outcome(inspection),
            Err(_) => Outcome::Failed,
        });
        let (listing, remarks) = (&mut self.listing, &mut self.remarks);
        let printed = self.bar.suspend(|| {
            let mut out = stdout().lock();
            match line {
                Ok((inspection, saved)) => {
                    let remark = remarks
                        .as_mut()
                        .and_then(|made| made.first(path, &inspection));
                    if let Some(remark) = remark {
                        eprintln!("{remark}");
                    }
                    listing.success(&mut out, path, &inspection, &saved)
                }
                Err(error) => listing.failure(&mut out, path, &error),
            }?;
            out.flush()
        });
        self.bar.inc(1);
        match printed {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
            printed => printed.map(ControlFlow::Continue),
        }
    }

    /// The worst so far.
    pub(super) fn outcome(&self) -> Outcome {
        self.outcome
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
