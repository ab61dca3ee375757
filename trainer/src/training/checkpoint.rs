//! A training put aside: everything that the next step depends on. The file is the
//! sha256 of what follows, then a safetensors file.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use cfa_runtime::write_atomically;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tch::{Device, Tensor};

use super::cfa::{Cfa, Position, trained_radius};
use super::{CheckedSettings, Saving, TrainingIdentity};
use crate::cfa::descriptor::Descriptor;
use crate::cfa::model::CfaModel;
use crate::error::TrainError;
use crate::tensor::{from_values, host_values};
use crate::training::optimizer::Moments;

/// Key of the checkpoint's own record in the file's metadata.
const RECORD: &str = "cfa.checkpoint";
/// Length of a sha256.
const DIGEST_BYTES: usize = 32;
/// Names of the parameters, in the optimiser's order; the last may be missing.
const PARAMETERS: [&str; 3] = ["weight", "bias", "radius"];

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    identity: TrainingIdentity,
    position: Position,
    optimizer_steps: u64,
}

/// A checkpoint read back.
#[derive(Debug)]
pub(super) struct Checkpoint {
    record: Record,
    tensors: HashMap<String, (Vec<usize>, Vec<f32>)>,
}

impl Checkpoint {
    /// Writes `training` atomically.
    pub(super) fn write(training: &Cfa, saving: &Saving<'_>) -> Result<(), TrainError> {
        let record = Record {
            identity: saving.identity.clone(),
            position: training.position,
            optimizer_steps: training.optimizer.steps(),
        };
        let bytes = encode(&record, &named_tensors(training)?)
            .map_err(|e| file_error(saving.path, "cannot encode the checkpoint", e))?;
        write_atomically(saving.path, |out: &mut dyn Write| out.write_all(&bytes)).map_err(|e| {
            let action = "cannot write the checkpoint; free some space or choose another --out";
            file_error(saving.path, action, e)
        })
    }

    /// Reads the checkpoint at `path`, if there is one, and makes sure that it
    /// belongs to the training `identity`.
    pub(super) fn find(
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
        match difference(&checkpoint.record.identity, identity) {
            None => Ok(Some(checkpoint)),
            Some(what) => Err(refuse(format!("it was made with another {what}"))),
        }
    }

    pub(super) fn into_cfa(
        self,
        settings: &CheckedSettings,
        device: Device,
    ) -> Result<Cfa, TrainError> {
        let tensor = |name: &str| -> Result<Tensor, TrainError> {
            let (shape, values) = self.tensors.get(name).ok_or_else(|| {
                tch::TchError::TensorNameNotFound(name.to_owned(), "the checkpoint".to_owned())
            })?;
            Ok(from_values(values, shape)?.f_to_device(device)?)
        };
        let values = |name: &str| self.tensors.get(name).map_or(&[][..], |(_, v)| v);
        let descriptor = Descriptor::from_values(
            settings.descriptor(),
            values("weight"),
            values("bias"),
            device,
        )?;
        let (generator, scale) = (settings.map_generator(), settings.feature_size());
        let model =
            CfaModel::new(descriptor, generator, scale).with_memory_bank(tensor("memory_bank")?);
        let mut cfa = Cfa::new(settings, model, device)?;
        if let (Some(radius), [value]) = (&mut cfa.radius, values("radius")) {
            *radius = trained_radius(f64::from(*value), device)?;
        }
        let names = &PARAMETERS[..cfa.parameters().len()];
        let moments = names.iter().map(|name| -> Result<Moments, TrainError> {
            Ok(Moments {
                first: tensor(&format!("{name}.first"))?,
                second: tensor(&format!("{name}.second"))?,
                largest_second: tensor(&format!("{name}.largest_second"))?,
            })
        });
        let moments = moments.collect::<Result<_, _>>()?;
        cfa.optimizer.restore(self.record.optimizer_steps, moments);
        cfa.position = self.record.position;
        Ok(cfa)
    }
}

/// Removes the checkpoint of a finished training.
pub(super) fn remove(path: &Path) -> Result<(), TrainError> {
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

fn named_tensors(training: &Cfa) -> Result<Vec<NamedTensor>, TrainError> {
    let mut tensors = vec![named("memory_bank", training.model.memory_bank()?)?];
    let moments = training.optimizer.moments();
    for ((name, parameter), moments) in PARAMETERS.iter().zip(training.parameters()).zip(moments) {
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
fn difference(stored: &TrainingIdentity, wanted: &TrainingIdentity) -> Option<String> {
    if stored.weights_sha256 != wanted.weights_sha256 {
        return Some("weight file".to_owned());
    }
    if stored.pictures_sha256 != wanted.pictures_sha256 {
        return Some("set of training pictures".to_owned());
    }
    let fields = |t: &TrainingIdentity| serde_json::to_value(&t.settings);
    let (Ok(Value::Object(stored)), Ok(Value::Object(wanted))) = (fields(stored), fields(wanted))
    else {
        return Some("set of options, which cannot be compared,".to_owned());
    };
    let mut different = wanted
        .iter()
        .filter(|(name, value)| stored.get(*name) != Some(*value));
    different.next().map(|(name, _value)| format!("'{name}'"))
}

fn file_error(path: &Path, action: &'static str, source: impl Into<io::Error>) -> TrainError {
    TrainError::File {
        path: path.to_owned(),
        action,
        source: source.into(),
    }
}
