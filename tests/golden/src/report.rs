//! One line a case and quantity.

use std::fmt;

/// The result of one comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Compared: the largest error and what is allowed, both as a fraction of the
    /// largest reference value.
    Compared {
        /// Largest error.
        error: f64,
        /// Tolerance.
        tolerance: f64,
    },
    /// Not compared, and why.
    Skipped(String),
}

/// A quantity of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Name of the case.
    pub case: String,
    /// What was compared; a deliberate deviation is named in brackets.
    pub quantity: String,
    /// How it went.
    pub outcome: Outcome,
}

impl Line {
    /// Whether the quantity was compared and differs. NaN differs.
    #[must_use]
    pub fn failed(&self) -> bool {
        match self.outcome {
            Outcome::Compared { error, tolerance } => error.is_nan() || error > tolerance,
            Outcome::Skipped(_) => false,
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<22} {:<58} ", self.case, self.quantity)?;
        match &self.outcome {
            Outcome::Compared { error, tolerance } => {
                let verdict = if self.failed() { "FAILED" } else { "ok" };
                write!(f, "error {error:.2e}  tolerance {tolerance:.0e}  {verdict}")
            }
            Outcome::Skipped(reason) => write!(f, "skipped: {reason}"),
        }
    }
}

/// All lines of a run.
pub struct Report<'a> {
    lines: Vec<Line>,
    progress: Option<&'a mut dyn FnMut(&Line)>,
}

impl fmt::Debug for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.lines).finish()
    }
}

impl<'a> Report<'a> {
    pub(crate) fn new(progress: &'a mut dyn FnMut(&Line)) -> Self {
        Self {
            lines: Vec::new(),
            progress: Some(progress),
        }
    }

    pub(crate) fn finish(self) -> Report<'static> {
        Report {
            lines: self.lines,
            progress: None,
        }
    }

    /// The lines, in order.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// How many quantities differ.
    #[must_use]
    pub fn failures(&self) -> usize {
        self.lines.iter().filter(|line| line.failed()).count()
    }

    /// Compares values; the error is the largest absolute difference divided by the
    /// largest absolute reference value.
    pub(crate) fn compare(
        &mut self,
        case: &str,
        quantity: &str,
        ours: &[f32],
        reference: &[f32],
        tolerance: f64,
    ) {
        let error = relative_error(ours, reference);
        self.push(case, quantity, Outcome::Compared { error, tolerance });
    }

    pub(crate) fn error(&mut self, case: &str, quantity: &str, error: f64, tolerance: f64) {
        self.push(case, quantity, Outcome::Compared { error, tolerance });
    }

    pub(crate) fn skip(&mut self, case: &str, quantity: &str, reason: &str) {
        self.push(case, quantity, Outcome::Skipped(reason.to_owned()));
    }

    fn push(&mut self, case: &str, quantity: &str, outcome: Outcome) {
        let line = Line {
            case: case.to_owned(),
            quantity: quantity.to_owned(),
            outcome,
        };
        if let Some(progress) = &mut self.progress {
            progress(&line);
        }
        self.lines.push(line);
    }
}

/// NaN when the lengths differ or a value is not a number.
pub(crate) fn relative_error(ours: &[f32], reference: &[f32]) -> f64 {
    if ours.len() != reference.len() || reference.is_empty() {
        return f64::NAN;
    }
    let largest = reference
        .iter()
        .fold(0.0_f64, |m, &v| m.max(f64::from(v).abs()));
    let pairs = ours.iter().zip(reference);
    let difference = pairs.map(|(&a, &b)| (f64::from(a) - f64::from(b)).abs());
    // `f64::max` would drop a NaN.
    let worst = difference.fold(0.0_f64, |m, d| if d.is_nan() || d > m { d } else { m });
    worst / largest.max(f64::MIN_POSITIVE)
}

/// Root mean square of the difference, as a fraction of that of the reference; NaN
/// when the lengths differ or a value is not a number.
pub(crate) fn relative_rms(ours: &[f32], reference: &[f32]) -> f64 {
    if ours.len() != reference.len() {
        return f64::NAN;
    }
    let pairs = ours.iter().zip(reference);
    let difference: f64 = pairs
        .map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2))
        .sum();
    let scale: f64 = reference.iter().map(|&b| f64::from(b).powi(2)).sum();
    (difference / scale).sqrt()
}
