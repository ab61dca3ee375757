//! What is printed for each picture.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Error;
use cfa_runtime::Inspection;
use serde_json::json;

use super::json_line::JsonLine;
use super::saving::Saved;
use crate::inputs::Inputs;
use crate::provider::computed_by;

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
            .map(|input| input.path.to_string_lossy().chars().count());
        Self::Table {
            path_width: widths.max().unwrap_or(0).max("path".len()),
            header_due: true,
            verdicts,
        }
    }

    pub(super) fn success(
        &mut self,
        out: &mut impl Write,
        path: &Path,
        inspection: &Inspection,
        saved: &Saved,
    ) -> io::Result<()> {
        let Self::Table {
            path_width,
            header_due,
            verdicts,
        } = self
        else {
            let line = serde_json::to_string(&JsonLine::new(path, inspection, saved))?;
            return writeln!(out, "{line}");
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
            &path.to_string_lossy(),
            &format!("{:.4}", inspection.score),
            [&p_value, verdict],
            [&peak, &format!("{:.1}", inspection.stages.total_ms()), &by],
        )
    }

    /// On stdout as JSON, so that each picture has its line there; else on stderr.
    pub(super) fn failure(
        &self,
        out: &mut impl Write,
        path: &Path,
        error: &Error,
    ) -> io::Result<()> {
        match self {
            Self::Json => {
                let line = json!({ "path": path.to_string_lossy(), "error": format!("{error:#}") });
                writeln!(out, "{line}")
            }
            Self::Table { .. } => {
                let (path, text) = (path.to_string_lossy(), format!("{error:#}"));
                let named = text.contains(&*path);
                eprintln!(
                    "error: {}",
                    if named {
                        text
                    } else {
                        format!("{path}: {text}")
                    }
                );
                Ok(())
            }
        }
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
