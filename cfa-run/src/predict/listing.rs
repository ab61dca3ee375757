//! What is printed for each picture.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Error;
use cfa_runtime::Inspection;
use serde::Serialize;

use super::json_line::{ErrorLine, JsonLine, PassedOverLine};
use super::line::Line;
use super::saving::Saved;
use crate::inputs::{Input, Inputs};
use crate::path_text::shown;
use crate::provider::computed_by;
use crate::say;

/// A table for people or JSON lines for programs.
#[derive(Debug)]
pub(super) enum Listing {
    Table {
        path_width: usize,
        header_due: bool,
        verdicts: bool,
    },
    Json,
}

impl Listing {
    /// With `verdicts` the table has a column for them. The column of paths is as wide as
    /// the widest that is known; those of standard input are not.
    pub(super) fn new(json: bool, inputs: &Inputs, verdicts: bool) -> Self {
        if json {
            return Self::Json;
        }
        let widths = inputs
            .pictures
            .iter()
            .map(|input| shown(&input.path).chars().count());
        Self::Table {
            path_width: widths.max().unwrap_or(0).max("path".len()),
            header_due: true,
            verdicts,
        }
    }

    pub(super) fn is_table(&self) -> bool {
        matches!(self, Self::Table { .. })
    }

    /// Errors are told on standard output as JSON, so that each picture has its line there;
    /// else on standard error.
    pub(super) fn write(
        &mut self,
        out: &mut impl Write,
        input: &Input,
        line: &Line,
    ) -> io::Result<()> {
        match (&*self, line) {
            (Self::Table { .. }, _) => self.write_row(out, &input.path, line),
            (Self::Json, Line::Inspected(inspection, saved)) => {
                write_json(out, &JsonLine::new(&input.path, inspection, saved))
            }
            (Self::Json, Line::Failed(error)) => {
                write_json(out, &ErrorLine::new(&input.path, error))
            }
            (Self::Json, Line::SavedResult) if input.is_awaited => {
                write_json(out, &PassedOverLine::new(&input.path))
            }
            (Self::Json, Line::SavedResult) => Ok(()),
        }
    }

    fn write_row(&mut self, out: &mut impl Write, path: &Path, line: &Line) -> io::Result<()> {
        match line {
            Line::Inspected(inspection, saved) => {
                self.success(out, path, inspection)?;
                say_what_is_not_saved(path, saved);
            }
            Line::SavedResult => {}
            Line::Failed(error) => say_error(path, error),
        }
        Ok(())
    }

    fn success(
        &mut self,
        out: &mut impl Write,
        path: &Path,
        inspection: &Inspection,
    ) -> io::Result<()> {
        let Self::Table {
            path_width,
            header_due,
            verdicts,
        } = self
        else {
            return Ok(());
        };
        let row = Row {
            width: *path_width,
            verdicts: *verdicts,
        };
        if std::mem::take(header_due) {
            row.write(
                out,
                "path",
                "score",
                ["p", "verdict"],
                ["peak x, y", "ms", "by"],
            )?;
        }
        let p_value = inspection
            .p_value
            .map_or("-".to_owned(), |p| format!("{p:.3}"));
        let verdict = inspection.verdict.map_or("-", |v| v.decision.name());
        let by = computed_by(inspection.provider, inspection.head);
        let damage = inspection.damage.as_ref();
        let by = damage.map_or(by.clone(), |found| format!("{by}  DAMAGED: {found}"));
        let peak = format!("{:.0}, {:.0}", inspection.peak.x_px, inspection.peak.y_px);
        row.write(
            out,
            &shown(path),
            &format!("{:.4}", inspection.score),
            [&p_value, verdict],
            [&peak, &format!("{:.1}", inspection.stages.total_ms()), &by],
        )
    }
}

fn write_json(out: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    let line = serde_json::to_string(line)?;
    writeln!(out, "{line}")
}

fn say_error(path: &Path, error: &Error) {
    let shown = shown(path);
    let text = format!("{error:#}").replace(&path.display().to_string(), &shown);
    let is_named = text.contains(&shown);
    let name = if is_named { "" } else { &*format!("{shown}: ") };
    say(&format!("error: {name}{text}"));
}

fn say_what_is_not_saved(path: &Path, saved: &Saved) {
    for (name, error) in saved.failures() {
        let shown = shown(path);
        say(&format!(
            "error: {shown}: its {name} is not saved: {error:#}"
        ));
    }
}

/// The columns of the table.
struct Row {
    width: usize,
    verdicts: bool,
}

impl Row {
    fn write(
        &self,
        out: &mut impl Write,
        path: &str,
        score: &str,
        [p_value, verdict]: [&str; 2],
        [peak, milliseconds, by]: [&str; 3],
    ) -> io::Result<()> {
        write!(out, "{path:<width$}  {score:>10}", width = self.width)?;
        if self.verdicts {
            write!(out, "  {p_value:>6}  {verdict:<7}")?;
        }
        writeln!(out, "  {peak:>13}  {milliseconds:>8}  {by}")
    }
}
