//! The record of a training in its bundle.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cfa_runtime::bundle::{Bundle, Manifest};
use serde::{Deserialize, Serialize};

use super::settings::FitSettings;
use crate::dataset::{DataCounts, DatasetError, FileDigests, file_digests};

/// Two trainings are the same when their identities are equal. A checkpoint is only resumed by
/// the same training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingIdentity {
    /// All options of the method.
    pub settings: FitSettings,
    /// sha256 of the weight file.
    pub weights_sha256: String,
    /// sha256 over the contents of all good pictures, those held out included.
    pub pictures_sha256: String,
}

/// The training as the bundle records it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingRecord {
    /// The identity of the training.
    #[serde(flatten)]
    pub identity: TrainingIdentity,
    /// Mean loss of the last epoch; `None` for a training of zero epochs.
    pub final_loss: Option<f64>,
    /// Radius of the hyperspheres at the end.
    pub final_radius: f64,
    /// Numbers of the data set, if pictures were left out, alike, or among the test
    /// pictures, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<DataCounts>,
    /// The pictures that were trained on, by the first digits of the sha256 of their files;
    /// empty in older bundles, and where there are too many to be listed.
    #[serde(default)]
    pub trained_on: Vec<String>,
}

/// Digits of a digest in [`TrainingRecord::trained_on`]: 48 bits.
const LISTED_DIGITS: usize = 12;
/// More pictures than this are not listed: the header of a bundle has its limits.
const LISTED_PICTURES: usize = 10_000;

/// The entries of [`TrainingRecord::trained_on`] for these pictures.
pub(crate) fn listed(
    pictures: &[PathBuf],
    digests: &FileDigests,
) -> Result<Vec<String>, DatasetError> {
    if pictures.len() > LISTED_PICTURES {
        return Ok(Vec::new());
    }
    let digests = digests.of_files(pictures)?.into_iter();
    Ok(digests.map(first_digits).collect())
}

fn first_digits(digest: &str) -> String {
    digest.chars().take(LISTED_DIGITS).collect()
}

/// The number of these pictures that the model of a bundle was trained on; `None` when the bundle
/// does not list them.
///
/// # Errors
/// A picture cannot be read.
pub fn trained_on(
    manifest: &Manifest,
    pictures: &[PathBuf],
) -> Result<Option<usize>, DatasetError> {
    let record = serde_json::from_value::<TrainingRecord>(manifest.training.clone()).ok();
    let Some(record) = record.filter(|record| !record.trained_on.is_empty()) else {
        return Ok(None);
    };
    let known: BTreeSet<String> = record.trained_on.into_iter().collect();
    let digests = file_digests(pictures)?;
    let mut digits = digests.iter().map(|digest| first_digits(digest));
    Ok(Some(digits.by_ref().filter(|d| known.contains(d)).count()))
}

/// The bundle at `path` and its record, if it came from this very training.
pub(crate) fn finished_by(
    path: &Path,
    identity: &TrainingIdentity,
) -> Option<(Bundle, TrainingRecord)> {
    let (bundle, record) = finished(path)?;
    (record.identity == *identity).then_some((bundle, record))
}

/// The bundle at `path` and its record, if a training of this program wrote it.
pub(crate) fn finished(path: &Path) -> Option<(Bundle, TrainingRecord)> {
    let bundle = Bundle::open(path).ok()?;
    let record = serde_json::from_value(bundle.manifest().training.clone());
    Some((bundle, record.ok()?))
}
