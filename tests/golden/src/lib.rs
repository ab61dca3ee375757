//! Golden parity: every step from picture to map and from loss to trained
//! weights, compared with tensors that the references (anomalib 2.7.0 and the authors'
//! code) dumped.
//!
//! A folder of cases holds `manifest.json`, `case_<id>.safetensors`, and for each
//! backbone either `weights_<name>.safetensors` or `bnstats_<name>.safetensors`
//! with a rule that generates the rest. Every case that the manifest lists is run;
//! what cannot be run is listed as skipped, with the reason.

mod archive;
mod case;
mod inference;
mod manifest;
mod reference;
mod report;
mod self_distance;
mod training;
mod weights;

use std::path::Path;

use anyhow::{Context, Result};
use cfa_runtime::network::OnnxRuntime;
use cfa_train::backbone::Backbone;
use cfa_train::cfa::descriptor::Descriptor;
use cfa_train::network::Parameters;
use tch::Tensor;

pub use report::{Line, Outcome, Report};

use case::Case;
use manifest::Manifest;

/// The weights of a backbone that the cases of a folder use, `None` when it has not what
/// they are generated from.
///
/// # Errors
/// A file of the folder cannot be read.
pub fn backbone_weights(dir: &Path, backbone: Backbone) -> Result<Option<Parameters>> {
    let seed = Manifest::read(&dir.join("manifest.json"))?.seed;
    weights::backbone(dir, backbone, seed)
}

/// The pictures that a case is trained on, normalised (N×3×H×W).
///
/// # Errors
/// The folder does not hold the case.
pub fn training_pictures(dir: &Path, case: &str) -> Result<Tensor> {
    let manifest = Manifest::read(&dir.join("manifest.json"))?;
    let settings = manifest.cases.get(case).context("no such case")?;
    let case = Case::load(dir, case, settings, &manifest)?;
    case.map_err(anyhow::Error::msg)?.input("train_u8")
}

/// The descriptor that a case's training starts with.
///
/// # Errors
/// The folder does not hold the case.
pub fn first_descriptor(dir: &Path, case: &str) -> Result<Descriptor> {
    let manifest = Manifest::read(&dir.join("manifest.json"))?;
    let settings = manifest.cases.get(case).context("no such case")?;
    let case = Case::load(dir, case, settings, &manifest)?;
    case.map_err(anyhow::Error::msg)?.descriptor()
}

/// Runs every case of the folder `dir`; the exported network too when an ONNX
/// Runtime is given. `progress` is told each line as soon as it is known.
///
/// # Errors
/// The folder or one of its files cannot be read; a quantity that differs is not
/// an error but a line of the report.
pub fn run(
    dir: &Path,
    onnxruntime: Option<&OnnxRuntime>,
    progress: &mut dyn FnMut(&Line),
) -> Result<Report<'static>> {
    let manifest = Manifest::read(&dir.join("manifest.json"))?;
    let mut report = Report::new(progress);
    for (name, settings) in &manifest.cases {
        let context = || format!("case {name}");
        match Case::load(dir, name, settings, &manifest).with_context(context)? {
            Err(reason) => report.skip(name, "all", &reason),
            Ok(case) if name == self_distance::CASE => {
                self_distance::run(&case, &mut report).with_context(context)?;
            }
            Ok(case) => case.run(onnxruntime, &mut report).with_context(context)?,
        }
    }
    Ok(report.finish())
}
