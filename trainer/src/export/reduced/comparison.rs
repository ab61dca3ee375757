//! Two networks on the same pictures.

use std::path::PathBuf;

use cfa_runtime::OnnxRuntime;
use cfa_runtime::bundle::{Bundle, BundleParts};
use cfa_runtime::inspector::{Inspection, Inspector, InspectorOptions};

use super::cost::LabelledCost;
use super::error::ReducedExportError;
use super::request::{Progress, ReducedRequest, ReducedStep};
use super::scores::ScorePair;
use crate::dataset::TestPicture;
use crate::evaluation::{Evaluation, EvaluationError, evaluate};

/// Both bundles, opened with the same options.
pub(super) struct Comparison {
    before: Inspector,
    pub(super) after: Inspector,
}

impl Comparison {
    pub(super) fn open(
        request: &ReducedRequest,
        original: &Bundle,
        reduced: BundleParts,
        library: &OnnxRuntime,
    ) -> Result<Self, ReducedExportError> {
        let options = InspectorOptions {
            threads: Some(request.threads),
            limits: request.picture_limits,
            ..InspectorOptions::default()
        };
        let reduced = Bundle::from_parts(reduced)?;
        Ok(Self {
            before: Inspector::from_bundle(original.clone(), library, &options)?,
            after: Inspector::from_bundle(reduced, library, &options)?,
        })
    }

    /// Scores pictures with one network and the other in turn, so that both are timed under
    /// the same load.
    pub(super) fn good_scores(
        &mut self,
        good: &[PathBuf],
        progress: &mut Progress<'_>,
    ) -> Result<Vec<ScorePair>, ReducedExportError> {
        let (what, of) = ("good scores", good.len());
        let mut scores = Vec::with_capacity(of);
        for (done, path) in good.iter().enumerate() {
            progress.step(ReducedStep { what, done, of })?;
            let picture = self.before.read_picture(path)?;
            let before = self.before.inspect(&picture)?;
            let after = self.after.inspect(&picture)?;
            scores.push(ScorePair {
                path: path.clone(),
                before: before.score,
                after: after.score,
                network_ms: [before.stages.network_ms, after.stages.network_ms],
            });
        }
        Ok(scores)
    }

    /// Figures of both networks over labelled pictures; `None` when there are none.
    pub(super) fn labelled(
        &mut self,
        pictures: &[TestPicture],
        progress: &mut Progress<'_>,
    ) -> Result<Option<LabelledCost>, ReducedExportError> {
        if pictures.is_empty() {
            return Ok(None);
        }
        let old = figures(&mut self.before, pictures, "test before", progress)?.overall;
        let new = figures(&mut self.after, pictures, "test after", progress)?.overall;
        let pair = |old: Option<f64>, new: Option<f64>| old.zip(new).map(|(old, new)| [old, new]);
        Ok(Some(LabelledCost {
            pictures: pictures.len(),
            image_auroc: pair(old.image_auroc, new.image_auroc),
            pixel_auroc: pair(old.pixel_auroc, new.pixel_auroc),
        }))
    }
}

fn figures(
    inspector: &mut Inspector,
    pictures: &[TestPicture],
    what: &'static str,
    progress: &mut Progress<'_>,
) -> Result<Evaluation, ReducedExportError> {
    let mut step = ReducedStep {
        what,
        done: 0,
        of: pictures.len(),
    };
    let Progress {
        cancellation,
        step: report,
    } = progress;
    let seen = &mut |_picture: &TestPicture, _inspection: &Inspection| {
        step.done += 1;
        report(step);
    };
    let evaluation = evaluate(inspector, pictures, cancellation, seen)?;
    // Figures of both networks can only be compared over the same pictures.
    if evaluation.failed.is_empty() {
        return Ok(evaluation);
    }
    let left_out = evaluation.failed;
    Err(EvaluationError::Unusable { left_out }.into())
}
