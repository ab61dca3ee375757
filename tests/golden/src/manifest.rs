//! The folder's table of contents.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// What is used of `manifest.json`.
#[derive(Debug, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) seed: u64,
    pub(crate) cases: BTreeMap<String, CaseSettings>,
}

/// Settings and scalar results of one case.
#[derive(Debug, Deserialize)]
pub(crate) struct CaseSettings {
    /// The case of a picture against itself does not name its backbone.
    #[serde(default = "resnet18")]
    pub(crate) backbone: String,
    #[serde(default = "one")]
    pub(crate) gamma_c: usize,
    #[serde(default = "one")]
    pub(crate) gamma_d: usize,
    #[serde(rename = "K", default)]
    pub(crate) neighbors: usize,
    #[serde(rename = "J", default)]
    pub(crate) hard_negatives: usize,
    #[serde(default)]
    pub(crate) train_batches: Vec<usize>,
    #[serde(default)]
    pub(crate) radius: f64,
    #[serde(default)]
    pub(crate) radius_big: Option<f64>,
    /// The case whose file holds descriptor weights and mean features.
    pub(crate) descriptor_weights_and_mean_map_in: Option<String>,
    #[serde(default)]
    pub(crate) loss_table: Vec<LossRow>,
    /// Traces of the trainings and figures that are not used, by name.
    #[serde(flatten)]
    others: BTreeMap<String, serde_json::Value>,
}

impl CaseSettings {
    /// One value a step of a training, such as `anomalib/train_r1e-5/losses`; empty
    /// when there is no such trace.
    pub(crate) fn trace(&self, name: &str) -> Vec<f64> {
        let values = self.others.get(name).and_then(|value| value.as_array());
        let values = values.map_or(&[][..], Vec::as_slice).iter();
        values.filter_map(serde_json::Value::as_f64).collect()
    }
}

/// The loss of the test pictures for other K, J and r.
#[derive(Debug, Deserialize)]
pub(crate) struct LossRow {
    #[serde(rename = "K")]
    pub(crate) neighbors: usize,
    #[serde(rename = "J")]
    pub(crate) hard_negatives: usize,
    pub(crate) radius: f64,
    /// The reference's loss, with repulsion from index J.
    #[serde(rename = "reference(anomalib)")]
    pub(crate) reference: f64,
    #[serde(rename = "L_att")]
    pub(crate) attraction: f64,
    /// Repulsion from index K: the method's, and ours.
    #[serde(rename = "L_rep_from_index_K(paper)")]
    pub(crate) repulsion: f64,
}

fn resnet18() -> String {
    "resnet18".to_owned()
}

fn one() -> usize {
    1
}

impl Manifest {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read(path).with_context(|| {
            format!(
                "{}: cannot read the golden manifest; set CFA_GOLDEN_DIR to its folder",
                path.display()
            )
        })?;
        serde_json::from_slice(&text)
            .with_context(|| format!("{}: not a golden manifest", path.display()))
    }
}
