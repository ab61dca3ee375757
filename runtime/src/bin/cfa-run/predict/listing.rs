//! What is printed for each picture.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Error;
use cfa_runtime::Inspection;
use serde_json::json;

use super::inputs::Inputs;
use super::json_line::JsonLine;
use super::saving::Saved;

/// A table for people or JSON lines for programs.
#[derive(Debug)]
pub(super) enum Listing {
    Table { path_width: usize, header_due: bool },
    Json,
}

impl Listing {
    pub(super) fn new(json: bool, inputs: &Inputs) -> Self {
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
        } = self
        else {
            let line = serde_json::to_string(&JsonLine::new(path, inspection, saved))?;
            return writeln!(out, "{line}");
        };
        let width = *path_width;
        if std::mem::take(header_due) {
            writeln!(
                out,
                "{:<width$}  {:>10}  {:>13}  {:>8}",
                "path", "score", "peak x, y", "ms"
            )?;
        }
        let peak = format!("{:.0}, {:.0}", inspection.peak.x_px, inspection.peak.y_px);
        writeln!(
            out,
            "{:<width$}  {:>10.4}  {peak:>13}  {:>8.1}",
            path.to_string_lossy(),
            inspection.score,
            inspection.stages.total_ms(),
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
                eprintln!("error: {error:#}");
                Ok(())
            }
        }
    }
}
