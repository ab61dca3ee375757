//! The pictures that are measured with.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use cfa_runtime::Inspector;
use tempfile::TempDir;

use crate::inputs::Inputs;
use crate::say;

/// At least one picture file.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) paths: Vec<PathBuf>,
    /// Where the recorded pictures lie while they are measured with.
    _folder: Option<TempDir>,
}

impl Sample {
    /// The pictures named, or those recorded in the bundle if none is.
    pub(super) fn find(arguments: &[PathBuf], inspector: &Inspector) -> Result<Self> {
        if arguments.is_empty() {
            return Self::recorded(inspector);
        }
        let inputs = Inputs::find(arguments);
        if inputs.standard_input {
            bail!("bench inspects its pictures several times; name files, not standard input");
        }
        if let Some((_argument, error)) = inputs.failures.into_iter().next() {
            return Err(error);
        }
        for remark in inputs.passed_over.remarks() {
            say(&format!("remark: {remark}"));
        }
        let paths = inputs.pictures.into_iter().map(|input| input.path);
        Ok(Self {
            paths: paths.collect(),
            _folder: None,
        })
    }

    /// As PNG files, so that decoding is measured too.
    fn recorded(inspector: &Inspector) -> Result<Self> {
        let folder = tempfile::tempdir().context("no folder for the bundle's pictures")?;
        let mut paths = Vec::new();
        for (index, record) in inspector.golden_records().iter().enumerate() {
            let path = folder.path().join(format!("{index}.png"));
            let written = record.picture.to_rgb8().save(&path);
            written.with_context(|| format!("{} cannot be written", path.display()))?;
            paths.push(path);
        }
        if paths.is_empty() {
            bail!("the bundle holds no recorded pictures; name some with --pictures");
        }
        Ok(Self {
            paths,
            _folder: Some(folder),
        })
    }

    /// All pictures, so many times.
    pub(super) fn rounds(&self, rounds: usize) -> impl Iterator<Item = PathBuf> + use<> {
        let paths = self.paths.clone();
        (0..rounds).flat_map(move |_round| paths.clone())
    }
}
