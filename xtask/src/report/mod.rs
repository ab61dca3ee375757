//! The demo's report: one HTML file that needs nothing else.

mod histogram;
mod page;
mod thumbnail;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

/// Everything the report shows.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) metrics: Metrics,
    pub(crate) inspected: Vec<Inspected>,
    /// The bundle's manifest.
    pub(crate) manifest: Value,
    pub(crate) training_secs: f32,
}

/// Areas under the ROC curve, 0 to 1.
#[derive(Debug, Deserialize)]
pub(crate) struct Metrics {
    pub(crate) image_auroc: f64,
    pub(crate) pixel_auroc: f64,
}

/// One test picture with what the model made of it.
#[derive(Debug)]
pub(crate) struct Inspected {
    /// The kind of defect, or `good`.
    pub(crate) group: String,
    pub(crate) stem: String,
    pub(crate) score: f32,
    pub(crate) total_ms: f32,
    pub(crate) picture: PathBuf,
    pub(crate) heatmap: PathBuf,
    pub(crate) overlay: PathBuf,
    pub(crate) mask: Option<PathBuf>,
}

impl Inspected {
    fn is_good(&self) -> bool {
        self.group == "good"
    }
}

/// The pictures of one kind of defect.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    pub(crate) name: &'a str,
    /// Highest score first.
    pub(crate) pictures: Vec<&'a Inspected>,
}

impl Report {
    /// Defects by name, then the sound ones.
    pub(crate) fn groups(&self) -> Vec<Group<'_>> {
        let mut sorted: Vec<&Inspected> = self.inspected.iter().collect();
        sorted.sort_by(|a, b| {
            let by_group = (a.is_good(), &a.group).cmp(&(b.is_good(), &b.group));
            by_group
                .then(b.score.total_cmp(&a.score))
                .then(a.stem.cmp(&b.stem))
        });
        let chunks = sorted.chunk_by(|a, b| a.group == b.group);
        chunks
            .filter_map(|pictures| {
                Some(Group {
                    name: &pictures.first()?.group,
                    pictures: pictures.to_vec(),
                })
            })
            .collect()
    }

    fn median_ms(&self) -> f32 {
        let mut times: Vec<f32> = self
            .inspected
            .iter()
            .map(|picture| picture.total_ms)
            .collect();
        times.sort_by(f32::total_cmp);
        times.get(times.len() / 2).copied().unwrap_or_default()
    }
}

/// Writes the report; an interruption leaves the old one.
pub(crate) fn write(report: &Report, path: &Path) -> Result<()> {
    let page = page::html(report)?;
    let partial = path.with_extension("partial");
    fs::write(&partial, page).with_context(|| format!("cannot write {}", partial.display()))?;
    fs::rename(&partial, path).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests;
