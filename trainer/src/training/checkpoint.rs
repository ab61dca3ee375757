//! A training put aside: everything that the next step depends on. The file is the
//! sha256 of what follows, then a safetensors file.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use cfa_runtime::write_atomically;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tch::{Device, Tensor};

use super::learner::{Learner, trained_radius};
use super::optimizer::{AdamW, Moments};
use super::record::TrainingIdentity;
use super::settings::CheckedSettings;
use crate::cfa::descriptor::Descriptor;
use crate::cfa::model::CfaModel;
use crate::destination::with_ending;
use crate::error::TrainError;
use crate::tensor::{from_values, host_values};

/// Key of the checkpoint's own record in the file's metadata.
const RECORD: &str = "cfa.checkpoint";
/// Length of a sha256.
const DIGEST_BYTES: usize = 32;
/// Names of the parameters, in the optimiser's order; the last may be missing.
const PARAMETERS: [&str; 3] = ["weight", "bias", "radius"];

/// The progress of a training.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Position {
    /// Finished epochs.
    pub epoch: usize,
    /// Finished steps of the current epoch.
    pub step: usize,
    /// Sum of the losses of those steps.
    pub loss_sum: f64,
    /// Mean loss of the last finished epoch.
    pub last_loss: Option<f64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    identity: TrainingIdentity,
    position: Position,
    optimizer_steps: u64,
}

/// Everything that the next step of a training depends on.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    record: Record,
    tensors: HashMap<String, (Vec<usize>, Vec<f32>)>,
}

/// The file that checkpoints are written to, and the training that they belong to.
#[derive(Debug, Clone, Copy)]
pub struct Saving<'a> {
    /// The checkpoint's file.
    pub path: &'a Path,
    /// The training that it belongs to.
    pub identity: &'a TrainingIdentity,
}

/// The checkpoint that belongs to a bundle: `NAME.cfa.checkpoint` beside it.
#[must_use]
pub fn checkpoint_path(bundle: &Path) -> PathBuf {
    with_ending(bundle, ".checkpoint")
}

impl Checkpoint {
    /// Writes the state of a training atomically.
    pub(super) fn write(
        learner: &Learner,
        optimizer: &AdamW,
        position: Position,
        saving: &Saving<'_>,
    ) -> Result<(), TrainError> {
        let record = Record {
            identity: saving.identity.clone(),
            position,
            optimizer_steps: optimizer.steps(),
        };
        let bytes = encode(&record, &named_tensors(learner, optimizer)?)
            .map_err(|e| file_error(saving.path, "cannot encode the checkpoint", e))?;
        write_atomically(saving.path, |out: &mut dyn Write| out.write_all(&bytes)).map_err(|e| {
            let action = "cannot write the checkpoint; free some space, or write the bundle to another folder";
            file_error(saving.path, action, e)
        })
    }

    /// Reads the checkpoint at `path`, if there is one, and makes sure that it
    /// belongs to the training `identity`.
    pub(crate) fn find(
        path: &Path,
        identity: &TrainingIdentity,
    ) -> Result<Option<Self>, TrainError> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(file_error(path, "cannot read the checkpoint", e)),
        };
        let refuse = |reason: String| TrainError::Checkpoint {
            path: path.to_owned(),
            reason,
        };
        let checkpoint = decode(&bytes).map_err(|e| refuse(format!("it is damaged ({e})")))?;
        let stored = &checkpoint.record.identity;
        match difference(stored, identity).map_err(TrainError::Record)? {
            None => Ok(Some(checkpoint)),
            Some(what) => Err(refuse(format!("it was made with another {what}"))),
        }
    }

    /// The progress at which the training was put aside.
    pub(super) fn position(&self) -> Position {
        self.record.position
    }

    /// The model as it was.
    pub(super) fn learner(
        &self,
        settings: &CheckedSettings,
        device: Device,
    ) -> Result<Learner, TrainError> {
        let descriptor = Descriptor::from_values(
            settings.descriptor(),
            self.values("weight")?,
            self.values("bias")?,
            device,
        )?;
        let (generator, scale) = (settings.map_generator(), settings.feature_size());
        let bank = self.tensor("memory_bank", device)?;
        let model = CfaModel::new(descriptor, generator, scale).with_memory_bank(bank);
        let mut learner = Learner::new(settings, model, device)?;
        if let Some(radius) = &mut learner.radius {
            let &[value] = self.values("radius")? else {
                return Err(tch::TchError::Shape("the radius is one value".to_owned()).into());
            };
            *radius = trained_radius(f64::from(value), device)?;
        }
        Ok(learner)
    }

    /// Brings a fresh optimiser of `learner` to where it was.
    pub(super) fn restore(
        &self,
        optimizer: &mut AdamW,
        learner: &Learner,
    ) -> Result<(), TrainError> {
        let names = &PARAMETERS[..learner.parameters().len()];
        let moments = names.iter().map(|name| -> Result<Moments, TrainError> {
            let moment = |which: &str| self.tensor(&format!("{name}.{which}"), learner.device);
            Ok(Moments {
                first: moment("first")?,
                second: moment("second")?,
                largest_second: moment("largest_second")?,
            })
        });
        let moments = moments.collect::<Result<_, _>>()?;
        optimizer.restore(self.record.optimizer_steps, moments);
        Ok(())
    }

    fn stored(&self, name: &str) -> Result<&(Vec<usize>, Vec<f32>), tch::TchError> {
        let missing =
            || tch::TchError::TensorNameNotFound(name.to_owned(), "the checkpoint".to_owned());
        self.tensors.get(name).ok_or_else(missing)
    }

    fn values(&self, name: &str) -> Result<&[f32], tch::TchError> {
        self.stored(name).map(|(_shape, values)| &**values)
    }

    fn tensor(&self, name: &str, device: Device) -> Result<Tensor, tch::TchError> {
        let (shape, values) = self.stored(name)?;
        from_values(values, shape)?.f_to_device(device)
    }
}

/// Removes the checkpoint of a finished training.
pub(crate) fn remove_checkpoint(path: &Path) -> Result<(), TrainError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(file_error(
            path,
            "cannot remove the finished training's checkpoint",
            e,
        )),
        _ => Ok(()),
    }
}

type NamedTensor = (String, Vec<usize>, Vec<u8>);

fn named_tensors(learner: &Learner, optimizer: &AdamW) -> Result<Vec<NamedTensor>, TrainError> {
    let mut tensors = vec![named("memory_bank", learner.model.memory_bank()?)?];
    let moments = optimizer.moments();
    for ((name, parameter), moments) in PARAMETERS.iter().zip(learner.parameters()).zip(moments) {
        tensors.push(named(name, parameter)?);
        tensors.push(named(&format!("{name}.first"), &moments.first)?);
        tensors.push(named(&format!("{name}.second"), &moments.second)?);
        tensors.push(named(
            &format!("{name}.largest_second"),
            &moments.largest_second,
        )?);
    }
    Ok(tensors)
}

fn named(name: &str, tensor: &Tensor) -> Result<NamedTensor, TrainError> {
    let shape = tensor.size().iter().map(|&n| n as usize).collect();
    let bytes = host_values(tensor)?
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    Ok((name.to_owned(), shape, bytes))
}

fn encode(record: &Record, tensors: &[NamedTensor]) -> Result<Vec<u8>, io::Error> {
    let json = serde_json::to_string(record)?;
    let views = tensors
        .iter()
        .map(|(name, shape, bytes)| {
            let view =
                TensorView::new(Dtype::F32, shape.clone(), bytes).map_err(io::Error::other)?;
            Ok((Cow::Borrowed(name.as_str()), view))
        })
        .collect::<Result<Vec<_>, io::Error>>()?;
    let metadata = HashMap::from([(RECORD.to_owned(), json)]);
    let body = serialize(views, Some(metadata)).map_err(io::Error::other)?;
    Ok([Sha256::digest(&body).as_slice(), &body].concat())
}

fn decode(file: &[u8]) -> Result<Checkpoint, Box<dyn std::error::Error>> {
    let (digest, bytes) = file
        .split_at_checked(DIGEST_BYTES)
        .ok_or("it is cut short")?;
    if Sha256::digest(bytes).as_slice() != digest {
        return Err("its content does not match its digest".into());
    }
    let (_, metadata) = SafeTensors::read_metadata(bytes)?;
    let json = metadata
        .metadata()
        .as_ref()
        .and_then(|m| m.get(RECORD))
        .ok_or("no record")?;
    let record = serde_json::from_str(json)?;
    let tensors = SafeTensors::deserialize(bytes)?
        .iter()
        .map(|(name, view)| {
            let (values, _) = view.data().as_chunks::<4>();
            let values = values.iter().map(|b| f32::from_le_bytes(*b)).collect();
            (name.to_owned(), (view.shape().to_vec(), values))
        })
        .collect();
    Ok(Checkpoint { record, tensors })
}

/// Names the first thing in which two trainings differ.
fn difference(
    stored: &TrainingIdentity,
    wanted: &TrainingIdentity,
) -> Result<Option<String>, serde_json::Error> {
    if stored.weights_sha256 != wanted.weights_sha256 {
        return Ok(Some("weight file".to_owned()));
    }
    if stored.pictures_sha256 != wanted.pictures_sha256 {
        return Ok(Some("set of training pictures".to_owned()));
    }
    let (stored, wanted) = (options(stored)?, options(wanted)?);
    let mut different = wanted
        .iter()
        .filter(|(name, value)| stored.get(*name) != Some(*value));
    Ok(different.next().map(|(name, _value)| format!("'{name}'")))
}

/// The options by name.
fn options(identity: &TrainingIdentity) -> Result<Map<String, Value>, serde_json::Error> {
    serde_json::from_value(serde_json::to_value(&identity.settings)?)
}

fn file_error(path: &Path, action: &'static str, source: impl Into<io::Error>) -> TrainError {
    TrainError::File {
        path: path.to_owned(),
        action,
        source: source.into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::training::FitSettings;

    fn settings() -> CheckedSettings {
        let settings = FitSettings {
            backbone: "mobilenet_v2".to_owned(),
            train_radius: true,
            ..FitSettings::default()
        };
        settings.check().unwrap()
    }

    fn checkpoint(settings: &CheckedSettings, radius: &[f32]) -> Checkpoint {
        let zeros = |shape: &[usize]| (shape.to_vec(), vec![0.0; shape.iter().product()]);
        let outputs = settings.descriptor().outputs;
        let tensors = [
            ("weight", zeros(&settings.descriptor().weight_shape())),
            ("bias", zeros(&[outputs])),
            ("memory_bank", zeros(&[settings.bank_entries(), outputs])),
            ("radius", (vec![radius.len()], radius.to_vec())),
        ];
        Checkpoint {
            record: Record {
                identity: TrainingIdentity {
                    settings: settings.options().clone(),
                    weights_sha256: String::new(),
                    pictures_sha256: String::new(),
                },
                position: Position::default(),
                optimizer_steps: 0,
            },
            tensors: tensors
                .map(|(name, tensor)| (name.to_owned(), tensor))
                .into(),
        }
    }

    #[test]
    fn a_tensor_that_is_missing_or_has_another_size_is_an_error() {
        let settings = settings();
        let whole = checkpoint(&settings, &[0.25]);
        let learner = whole.learner(&settings, Device::Cpu).unwrap();
        assert!((learner.radius().unwrap() - 0.25).abs() < f64::EPSILON);
        let mut optimizer = AdamW::new(&learner.parameters(), 1e-3, 0.0).unwrap();
        let error = whole.restore(&mut optimizer, &learner).unwrap_err();
        assert!(error.to_string().contains("weight.first"), "{error}");
        for name in ["weight", "bias", "memory_bank", "radius"] {
            let mut damaged = checkpoint(&settings, &[0.25]);
            damaged.tensors.remove(name);
            let error = damaged.learner(&settings, Device::Cpu).unwrap_err();
            assert!(error.to_string().contains(name), "{name}: {error}");
        }
        let two = checkpoint(&settings, &[0.25, 0.5]);
        assert!(two.learner(&settings, Device::Cpu).is_err());
    }
}
