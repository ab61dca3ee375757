//! Models and sessions behind their handles.

#![allow(
    non_camel_case_types,
    reason = "the names are those of the C interface"
)]

use cfa_runtime::network::OpeningWatch;
use cfa_runtime::session::{self, Session, SessionWarning};
use cfa_runtime::verify::VerifyReport;
use cfa_runtime::{Inspection, Inspector, Model, Picture};
use serde_json::{Value, json};

use crate::engine::Engine;
use crate::fault::Fault;
#[cfg(feature = "fault-injection")]
use crate::injection::{self, Place};
use crate::options::{Choices, cfa_options};
use crate::progress::{Progress, report_or_stop};
use crate::status::CFA_E_SELF_TEST;

const OPENING: &str = "opening the network";
const LOADING: &str = "loading ONNX Runtime";

/// A checked model in memory: immutable, for all threads.
#[derive(Debug)]
pub struct cfa_model {
    pub(crate) model: Model,
}

/// Inspects pictures with a model, one call at a time.
#[derive(Debug)]
pub struct cfa_session {
    session: Session,
    map_px: (u32, u32),
}

/// The header lets all threads use a handle at once; the pointers hide it from the compiler.
const _: () = {
    const fn shareable<T: Send + Sync>() {}
    shareable::<cfa_model>();
    shareable::<cfa_session>();
    shareable::<cfa_options>();
};

impl cfa_model {
    pub(crate) fn info(&self) -> Value {
        json!({ "sha256": self.model.digest_hex(), "manifest": self.model.manifest() })
    }

    /// Columns and rows of the model's own map.
    pub(crate) fn map_px(&self) -> (u32, u32) {
        let map = &self.model.manifest().settings.anomaly_map;
        (map.width as u32, map.height as u32)
    }
}

impl cfa_session {
    pub(crate) fn open(model: &cfa_model, options: &cfa_options) -> Result<Self, Fault> {
        let progress = options.progress.as_ref();
        report_or_stop(progress, LOADING, 0.0)?;
        let engine = Engine::for_choices(&options.choices)?;
        report_or_stop(progress, LOADING, 1.0)?;
        let inspector = open_watched(&model.model, &engine, &options.choices, progress)?;
        report_or_stop(progress, OPENING, 1.0)?;
        Ok(Self {
            session: Session::new(inspector),
            map_px: model.map_px(),
        })
    }

    /// Everything known of what computes, for any thread.
    pub(crate) fn info(&self) -> Result<Value, Fault> {
        let facts = self.session.facts()?;
        let mut info = serde_json::to_value(&facts).map_err(|error| Fault::internal(&error))?;
        info["warnings"] = facts.warnings.iter().map(explained).collect();
        Ok(info)
    }

    /// The right to compute, for one call; what runs under it can be cancelled.
    pub(crate) fn job(&self) -> Result<Job<'_>, Fault> {
        Ok(Job {
            session: self,
            job: self.session.begin()?,
        })
    }

    /// Stops the call that is computing; without one, nothing happens.
    pub(crate) fn cancel(&self) {
        self.session.cancel();
    }
}

/// One call that computes.
#[derive(Debug)]
pub(crate) struct Job<'a> {
    session: &'a cfa_session,
    job: session::Job<'a>,
}

impl Job<'_> {
    pub(crate) fn inspect(&mut self, picture: &Picture) -> Result<Inspection, Fault> {
        #[cfg(feature = "fault-injection")]
        injection::panic_at(Place::Computing);
        let inspection = self.job.inspect(picture)?;
        #[cfg(feature = "fault-injection")]
        if injection::reached(Place::Computed) {
            self.session.cancel();
        }
        // Nothing has been put out yet.
        self.job.check_cancelled()?;
        Ok(inspection)
    }

    /// Decodes a picture file under the session's limits.
    pub(crate) fn decode(&self, encoded: &[u8]) -> Result<Picture, Fault> {
        Ok(self.job.decode(encoded)?)
    }

    /// Refuses what is beyond the session's limits; a picture in memory may be small.
    pub(crate) fn check_size(&self, (width_px, height_px): (u32, u32)) -> Result<(), Fault> {
        let limits = &self.job.reading().limits;
        Ok(limits.check_largest(width_px, height_px)?)
    }

    /// Columns and rows of the model's own map.
    pub(crate) fn map_px(&self) -> (u32, u32) {
        self.session.map_px
    }

    /// Replays the results recorded in the bundle.
    pub(crate) fn self_test(&mut self) -> Result<(), Fault> {
        #[cfg(feature = "fault-injection")]
        injection::panic_at(Place::Computing);
        let report = self.job.self_test()?;
        if report.ok() {
            return Ok(());
        }
        Err(Fault::new(CFA_E_SELF_TEST, disagreement(&report)))
    }
}

/// The warning with the option that answers it.
fn explained(warning: &SessionWarning) -> String {
    match warning {
        SessionWarning::Depth(remark) => {
            format!("{remark}; the option \"white_level\" gives another")
        }
        other => other.to_string(),
    }
}

fn disagreement(report: &VerifyReport) -> String {
    let wrong = report.samples.iter().find(|sample| !sample.ok);
    wrong.map_or(
        "the bundle holds no recorded results to compare with".to_owned(),
        |sample| {
            format!(
                "this machine computes other results than were recorded: score {} instead of {} \
                 (map off by {}, allowed {}) for {}",
                sample.score,
                sample.expected_score,
                sample.largest_map_error,
                sample.tolerance,
                sample.name
            )
        },
    )
}

fn open_watched(
    model: &Model,
    engine: &Engine,
    choices: &Choices,
    progress: Option<&Progress>,
) -> Result<Inspector, Fault> {
    let Some(progress) = progress else {
        return engine.inspector(model, choices, None);
    };
    report_or_stop(Some(progress), OPENING, 0.0)?;
    let watch: &mut OpeningWatch<'_> = &mut |_elapsed| progress.report(OPENING, Progress::UNKNOWN);
    engine.inspector(model, choices, Some(watch))
}
