//! What `fit` shows while it runs: bars for people, one JSON object a line for
//! programs.

use std::io::{self, Write};

use cfa_runtime::Cancellation;
use cfa_runtime::calibration::{Basis, DecisionRule};
use cfa_train::dataset::DepthFinding;
use cfa_train::events::{FitEvent, FitObserver, MemoryPlan};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{INTERRUPTED, memory};

const BYTES_PER_MIB: f64 = 1_048_576.0;

/// Prints events and knows whether Ctrl-C was pressed.
pub(crate) struct Progress {
    json: bool,
    bar: ProgressBar,
    cancellation: Cancellation,
}

impl Progress {
    /// Installs the Ctrl-C handler; the first press stops cleanly at the next step, the
    /// second at once.
    pub(crate) fn new(json: bool) -> anyhow::Result<Self> {
        let progress = Self::without_handler(json);
        let cancellation = progress.cancellation();
        ctrlc::set_handler(move || {
            if cancellation.is_cancelled() {
                std::process::exit(INTERRUPTED.into());
            }
            cancellation.cancel();
        })?;
        Ok(progress)
    }

    /// For work that has nothing to save: Ctrl-C ends the program as it ends any other.
    pub(crate) fn without_handler(json: bool) -> Self {
        Self {
            json,
            bar: ProgressBar::hidden(),
            cancellation: Cancellation::new(),
        }
    }

    /// Cancelled when Ctrl-C is pressed.
    pub(crate) fn cancellation(&self) -> Cancellation {
        self.cancellation.clone()
    }

    /// A line above the bar; nothing with `--json`.
    pub(crate) fn say(&self, text: &str) {
        if !self.json {
            self.bar.suspend(|| eprintln!("{text}"));
        }
    }

    /// What came out, for programs; people have read it already.
    pub(crate) fn summary(&self, summary: &impl serde::Serialize) {
        if self.json {
            print_json(summary);
        }
    }

    /// The most memory that was in use, to be held against what was said before.
    pub(crate) fn memory_taken(&self) {
        let Some(bytes) = memory::peak() else {
            return;
        };
        if self.json {
            print_json(&serde_json::json!({ "event": "memory_taken", "peak_bytes": bytes }));
        } else {
            let size = bytes as f64 / BYTES_PER_MIB;
            self.say(&format!("memory taken: at most {size:.0} MiB"));
        }
    }

    /// A bar of `length` steps; none with `--json`.
    pub(crate) fn start(&mut self, what: &str, length: usize) {
        self.bar.finish_and_clear();
        if self.json {
            return;
        }
        self.bar = ProgressBar::new(length as u64);
        let template = "{prefix:<12} {wide_bar} {pos}/{len} {msg} eta {eta}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        self.bar.set_prefix(what.to_owned());
    }

    /// One step further.
    pub(crate) fn advance(&self) {
        self.bar.inc(1);
    }

    /// A bar at `done` of `of`, a new one for other work.
    pub(crate) fn follow(&mut self, what: &str, done: usize, of: usize) {
        if self.bar.prefix() != what {
            self.start(what, of);
        }
        self.bar.set_position(done as u64);
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn show(&mut self, event: &FitEvent) {
        match event {
            FitEvent::Seed {
                seed,
                number,
                seeds,
            } => self.say(&format!("seed {seed} ({number} of {seeds})")),
            FitEvent::AlreadyTrained => {
                self.say("this very training is finished already; nothing was changed");
            }
            FitEvent::Checking { pictures } => self.say(&format!("checking {pictures} pictures")),
            FitEvent::Skipped { reason } => self.say(&format!("skipped {reason}")),
            FitEvent::Depth(finding) => self.say(&depth(*finding)),
            FitEvent::Memory(plan) => self.say(&planned(plan)),
            FitEvent::Features { done, pictures } => {
                if self.bar.length() != Some(*pictures as u64) || self.bar.prefix() != "features" {
                    self.start("features", *pictures);
                }
                self.bar.set_position(*done as u64);
            }
            FitEvent::Clustering { done, of } => {
                self.follow("clustering", *done, *of);
            }
            FitEvent::MemoryBank { entries, channels } => {
                self.bar.finish_and_clear();
                self.say(&format!(
                    "memory bank: {entries} entries of {channels} channels"
                ));
            }
            FitEvent::Resumed { epochs, steps } => {
                self.say(&format!("resumed after {epochs} epochs and {steps} steps"));
            }
            FitEvent::Step {
                epoch,
                epochs,
                step,
                steps,
                loss,
            } => {
                if self.bar.prefix() != "training" {
                    self.start("training", epochs * steps);
                }
                self.bar
                    .set_message(format!("epoch {epoch}/{epochs} loss {loss:.1}"));
                self.bar.set_position(((epoch - 1) * steps + step) as u64);
            }
            FitEvent::Epoch {
                epoch,
                epochs,
                loss,
            } if self.bar.is_hidden() => {
                self.say(&format!("epoch {epoch}/{epochs} loss {loss:.1}"));
            }
            FitEvent::Exporting => {
                self.bar.finish_and_clear();
                self.say("exporting");
            }
            FitEvent::HeldOut {
                training,
                calibration,
                selection,
            } => {
                let mut uses = vec![format!("{training} to train on")];
                uses.extend((*calibration > 0).then(|| format!("{calibration} to calibrate")));
                uses.extend((*selection > 0).then(|| format!("{selection} to choose the seed")));
                self.say(&format!("good pictures: {}", uses.join(", ")));
            }
            FitEvent::Verified { .. } => {
                self.say("verified: ONNX Runtime reproduces libtorch's maps from the picture on");
            }
            FitEvent::Calibrated { good, rule } => self.say(&calibrated(*good, *rule)),
            FitEvent::Exported { bundle, bytes } => {
                let size = *bytes as f64 / BYTES_PER_MIB;
                self.say(&format!("wrote {} ({size:.1} MiB)", bundle.display()));
            }
            _ => {}
        }
    }
}

impl FitObserver for Progress {
    fn event(&mut self, event: &FitEvent) {
        if self.json {
            print_json(event);
        } else {
            self.show(event);
        }
    }
}

/// What is odd about the depths of the pictures, and which option answers it.
pub(crate) fn depth(finding: DepthFinding) -> String {
    match finding {
        DepthFinding::MixedDepths {
            eight_bit,
            sixteen_bit,
        } => format!(
            "warning: {eight_bit} pictures have 8 bits a sample and {sixteen_bit} have 16; \
             white is 255 in the ones and the white level in the others"
        ),
        DepthFinding::FewBits {
            pictures,
            largest_sample,
            suggested_white_level,
        } => format!(
            "warning: no sample of the {pictures} pictures with 16 bits is above {largest_sample}, \
             so they are nearly black; they seem to hold data of {} bits: \
             fit --white-level {suggested_white_level} makes {suggested_white_level} white",
            u16::BITS - suggested_white_level.leading_zeros()
        ),
        DepthFinding::AboveWhiteLevel {
            largest_sample,
            white_level,
        } => format!(
            "warning: 16-bit samples reach {largest_sample}, above the white level {white_level}; \
             they are taken as white"
        ),
    }
}

/// What a training will take.
fn planned(plan: &MemoryPlan) -> String {
    let size = |bytes: u64| format!("{:.0} MiB", bytes as f64 / BYTES_PER_MIB);
    let place = if plan.on_disk {
        "on disk beside the bundle"
    } else {
        "in memory"
    };
    format!(
        "memory: up to {} of {}; features: {} {place}",
        size(plan.peak_bytes),
        size(plan.limit_bytes),
        size(plan.features_bytes)
    )
}

/// What the held-out good pictures allow to promise.
pub(crate) fn calibrated(good: usize, rule: Option<DecisionRule>) -> String {
    let Some(rule) = rule else {
        return format!(
            "calibrated with {good} good pictures: too few for a threshold; `cfa-train calibrate` takes more that were not trained on"
        );
    };
    let basis = match rule.basis {
        Basis::FalseRejectRate { rate } => format!("false-reject rate {rate}"),
        other => other.name().to_owned(),
    };
    let (review, reject) = (rule.review_above, rule.reject_above);
    format!(
        "calibrated with {good} good pictures: review above {review:.4}, reject above {reject:.4} ({basis})"
    )
}

/// One JSON object on a line of standard output. A reader that has gone away does
/// not stop the training.
pub(crate) fn print_json(value: &impl serde::Serialize) {
    if let Ok(line) = serde_json::to_string(value) {
        let _ = writeln!(io::stdout(), "{line}");
    }
}
