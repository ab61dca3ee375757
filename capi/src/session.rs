//! Models and sessions behind their handles.

#![allow(
    non_camel_case_types,
    reason = "the names are those of the C interface"
)]

use std::mem::replace;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use cfa_runtime::inspector::InspectError;
use cfa_runtime::network::{Forked, NetworkError};
use cfa_runtime::preprocess::DepthRemark;
use cfa_runtime::verify::{self, VerifyReport};
use cfa_runtime::{Cancellation, Inspection, Inspector, Model, Picture};
use serde_json::{Value, json};

use crate::abi::Progress;
use crate::engine::Engine;
use crate::fault::Fault;
#[cfg(feature = "fault-injection")]
use crate::injection::{self, Place};
use crate::options::{cfa_options, report, report_or_stop};
use crate::status::{CFA_E_BUSY, CFA_E_PANIC, CFA_E_SELF_TEST};

/// Warnings beyond this number are not kept.
const MOST_WARNINGS: usize = 64;

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
    inspector: Mutex<Inspector>,
    /// The number of the process that has made it.
    process: u32,
    /// Of the call that is computing.
    running: Mutex<Option<Cancellation>>,
    facts: Value,
    map_px: (u32, u32),
    warnings: Mutex<Vec<String>>,
    /// What is wrong with the file of the picture inspected last.
    damage: Mutex<Option<String>>,
    /// Which kinds of pictures were warned of: each once, however long a session lives.
    warned: Mutex<Warned>,
}

#[derive(Debug, Default)]
struct Warned {
    few_bits: bool,
    above_white_level: bool,
}

/// The header lets all threads use a handle at once; the pointers hide it from the compiler.
const _: () = {
    const fn shareable<T: Send + Sync>() {}
    shareable::<cfa_model>();
    shareable::<cfa_session>();
};

impl cfa_model {
    pub(crate) fn info(&self) -> Value {
        json!({ "sha256": self.model.digest_hex(), "manifest": self.model.manifest() })
    }

    /// Columns and rows of the model's own map.
    pub(crate) fn map_px(&self) -> (u32, u32) {
        let map = &self.model.manifest().anomaly_map;
        (map.width as u32, map.height as u32)
    }
}

impl cfa_session {
    pub(crate) fn open(model: &cfa_model, options: &cfa_options) -> Result<Self, Fault> {
        let (map_px, model) = (model.map_px(), &model.model);
        let progress = options.progress.as_ref();
        report_or_stop(progress, LOADING, 0.0)?;
        let engine = Engine::of(&options.choices)?;
        report_or_stop(progress, LOADING, 1.0)?;
        let inspector = open_watched(model, &engine, options)?;
        report_or_stop(progress, OPENING, 1.0)?;
        let facts = json!({
            "provider": inspector.provider().name(),
            "device": inspector.device(),
            "precision": inspector.precision().name(),
            "head": inspector.head().name(),
            "refused": refused(&inspector),
            "threads": inspector.threads(),
            "onnxruntime": engine.facts(),
            "bundle_sha256": model.digest_hex(),
            "decision_rule": inspector.rule(),
            "good_scores": model.manifest().calibration.good_scores.len(),
        });
        let session = Self {
            process: std::process::id(),
            running: Mutex::default(),
            facts,
            map_px,
            warnings: Mutex::default(),
            warned: Mutex::default(),
            damage: Mutex::default(),
            inspector: Mutex::new(inspector),
        };
        session.keep_warnings(&*session.exclusive()?);
        Ok(session)
    }

    /// Everything known of who computes, for any thread.
    pub(crate) fn info(&self) -> Result<Value, Fault> {
        self.check_process()?;
        let mut info = self.facts.clone();
        info["warnings"] = json!(*locked(&self.warnings));
        info["damage"] = json!(*locked(&self.damage));
        Ok(info)
    }

    /// The right to compute, for one call; what runs under it can be cancelled.
    pub(crate) fn job(&self) -> Result<Job<'_>, Fault> {
        let inspector = self.exclusive()?;
        let cancellation = Cancellation::new();
        *locked(&self.running) = Some(cancellation.clone());
        Ok(Job {
            session: self,
            inspector,
            cancellation,
        })
    }

    /// Stops the call that is computing; without one, nothing happens.
    pub(crate) fn cancel(&self) {
        if self.check_process().is_err() {
            return;
        }
        if let Some(running) = &*locked(&self.running) {
            running.cancel();
        }
    }

    /// In another process, threads are missing, and locks may be held by some of them.
    fn check_process(&self) -> Result<(), Fault> {
        if self.process == std::process::id() {
            return Ok(());
        }
        Err(NetworkError::from(Forked).into())
    }

    fn exclusive(&self) -> Result<MutexGuard<'_, Inspector>, Fault> {
        self.check_process()?;
        self.inspector.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => Fault::new(
                CFA_E_BUSY,
                "the session is computing for another thread; give each thread a session of its own",
            ),
            TryLockError::Poisoned(_) => Fault::new(
                CFA_E_PANIC,
                "this session panicked before and can only be freed; make a new one",
            ),
        })
    }

    fn warn_of(&self, remark: DepthRemark) {
        let mut warned = locked(&self.warned);
        let known = match remark {
            DepthRemark::FewBits { .. } => &mut warned.few_bits,
            DepthRemark::AboveWhiteLevel { .. } => &mut warned.above_white_level,
        };
        if !replace(known, true) {
            let text = format!("{remark}; the option \"white_level\" gives another");
            locked(&self.warnings).push(text);
        }
    }

    fn keep_warnings(&self, inspector: &Inspector) {
        let mut kept = locked(&self.warnings);
        let room = MOST_WARNINGS.saturating_sub(kept.len());
        kept.extend(inspector.take_warnings().into_iter().take(room));
    }
}

/// One call that computes.
#[derive(Debug)]
pub(crate) struct Job<'a> {
    session: &'a cfa_session,
    inspector: MutexGuard<'a, Inspector>,
    cancellation: Cancellation,
}

impl Job<'_> {
    pub(crate) fn inspect(&mut self, picture: &Picture) -> Result<Inspection, Fault> {
        #[cfg(feature = "fault-injection")]
        injection::panic_at(Place::Computing);
        let inspection = self
            .inspector
            .inspect_cancellable(picture, &self.cancellation)?;
        #[cfg(feature = "fault-injection")]
        if injection::reached(Place::Computed) {
            self.session.cancel();
        }
        if let Some(remark) = inspection.depth_remark {
            self.session.warn_of(remark);
        }
        // Cancelled after the last stage looked: nothing has been put out yet.
        if self.cancellation.is_cancelled() {
            return Err(InspectError::Cancelled.into());
        }
        locked(&self.session.damage).clone_from(&inspection.damage);
        Ok(inspection)
    }

    /// Decodes a picture file under the session's limits.
    pub(crate) fn decode(&self, encoded: &[u8]) -> Result<Picture, Fault> {
        Ok(Picture::decode(encoded, self.inspector.reading())?)
    }

    /// Refuses what is beyond the session's limits; a picture in memory may be small.
    pub(crate) fn check_size(&self, (width_px, height_px): (u32, u32)) -> Result<(), Fault> {
        Ok(self
            .inspector
            .reading()
            .limits
            .check_largest(width_px, height_px)?)
    }

    /// Columns and rows of the model's own map.
    pub(crate) fn map_px(&self) -> (u32, u32) {
        self.session.map_px
    }

    /// Replays the results recorded in the bundle.
    pub(crate) fn self_test(&mut self) -> Result<(), Fault> {
        #[cfg(feature = "fault-injection")]
        injection::panic_at(Place::Computing);
        let report = verify::replay(&mut self.inspector)?;
        if report.ok() {
            return Ok(());
        }
        Err(Fault::new(CFA_E_SELF_TEST, disagreement(&report)))
    }
}

impl Drop for Job<'_> {
    fn drop(&mut self) {
        *locked(&self.session.running) = None;
        self.session.keep_warnings(&self.inspector);
    }
}

/// The providers asked before the one that computes, and why they do not.
fn refused(inspector: &Inspector) -> Vec<Value> {
    let refusals = inspector.refusals().iter();
    refusals
        .map(|refusal| json!({ "provider": refusal.provider.name(), "reason": refusal.explanation() }))
        .collect()
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

fn open_watched(model: &Model, engine: &Engine, options: &cfa_options) -> Result<Inspector, Fault> {
    let Some(progress) = &options.progress else {
        return engine.inspector(model, &options.choices, None);
    };
    report_or_stop(Some(progress), OPENING, 0.0)?;
    let mut watch = |_elapsed| report(Some(progress), OPENING, Progress::UNKNOWN);
    engine.inspector(model, &options.choices, Some(&mut watch))
}

/// None of these can be left half changed by a panic.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
