//! The request for a bundle in a smaller format, and the progress of the work.

use std::path::PathBuf;

use cfa_runtime::Cancellation;
use cfa_runtime::bundle::NetworkPrecision;
use cfa_runtime::picture::Limits;

use super::cost::CostLimits;
use crate::dataset::{Copies, TestPicture};
use crate::interruption::{Interrupted, go_on};

/// The bundle to make, and its sources.
#[derive(Debug, Clone)]
pub struct ReducedRequest {
    /// The bundle, with a network in `f32`.
    pub bundle: PathBuf,
    /// The bundle to write.
    pub out: PathBuf,
    /// The format of the new network.
    pub precision: NetworkPrecision,
    /// Pictures of good parts, those of the training if they are at hand, sorted by path;
    /// INT8 needs some.
    pub good: Vec<PathBuf>,
    /// Which of these are copies of others.
    pub copies: Copies,
    /// Labelled pictures to measure both networks with; may be empty.
    pub labelled: Vec<TestPicture>,
    /// Which picture files are refused for their size.
    pub picture_limits: Limits,
    /// Beyond which cost nothing is written.
    pub limits: CostLimits,
    /// Whether it is written all the same.
    pub force: bool,
    /// Threads of the networks, at least 1.
    pub threads: usize,
}

/// A step of the work, before its first picture and after each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReducedStep {
    /// What is being done, for a person.
    pub what: &'static str,
    /// Pictures done.
    pub done: usize,
    /// All pictures of this step.
    pub of: usize,
}

/// Who is told each step, and who may stop the work.
pub(super) struct Progress<'a> {
    pub(super) cancellation: &'a Cancellation,
    pub(super) step: &'a mut dyn FnMut(ReducedStep),
}

impl Progress<'_> {
    /// Reports a step, and goes on unless the end was asked for.
    pub(super) fn step(&mut self, step: ReducedStep) -> Result<(), Interrupted> {
        (self.step)(step);
        go_on(self.cancellation)
    }
}
