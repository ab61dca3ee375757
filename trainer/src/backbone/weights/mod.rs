//! Reading trained weights from foreign files, without running anything in them.
//!
//! Three containers are read, and recognised by their content and not by their
//! name: `.safetensors`, the zip archive that `torch.save` writes since torch 1.6,
//! and the older torch stream of pickles followed by raw storages. The last two
//! describe their tensors as a Python pickle, which is a small program. Only the few
//! instructions and names that a table of tensors needs are interpreted. Anything
//! else is refused by name (see [`WeightsProblem::ForbiddenGlobal`]).

mod checkpoint;
mod element;
mod problem;
mod safetensors_file;
mod tensors;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::digest::sha256_hex;

pub(crate) use checkpoint::{Document, Node};
pub use problem::{WeightsError, WeightsProblem};
pub(crate) use tensors::Tensors;

pub use crate::network::WeightTensor;

/// Larger files are refused; `wide_resnet50_2` has 0.13 GB.
const MAX_FILE_BYTES: u64 = 2 << 30;

/// All floating-point tensors of one file, by name.
///
/// Integer and boolean tensors (such as `num_batches_tracked`) are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// Sorted by name.
    pub tensors: BTreeMap<String, WeightTensor>,
    /// Last component of the path.
    pub file_name: String,
    /// SHA-256 of the whole file, 64 lower-case digits.
    pub sha256_hex: String,
}

impl Weights {
    /// Reads the file at `path`.
    ///
    /// A table nested under `state_dict`, `model_state_dict` or `model` is found (the
    /// first of them that holds tensors), and a `module.` before every name is taken
    /// off. Takes memory for the file and at most four times its size for the tensors.
    pub fn read(path: &Path) -> Result<Self, WeightsError> {
        // A path without a file name cannot be read, and the error names the path.
        let name = path.file_name().map_or("".into(), OsStr::to_string_lossy);
        read_capped(path)
            .and_then(|bytes| Self::from_bytes(&name, &bytes))
            .map_err(|problem| WeightsError {
                path: path.to_owned(),
                problem,
            })
    }

    /// Reads the `bytes` of a file; `file_name` is only recorded.
    pub fn from_bytes(file_name: &str, bytes: &[u8]) -> Result<Self, WeightsProblem> {
        let tensors = if safetensors_file::is_likely(bytes) {
            safetensors_file::read(bytes)?
        } else {
            checkpoint::read(bytes)?
        };
        if tensors.is_empty() {
            return Err(WeightsProblem::NoTensors {
                found: "an empty table".to_owned(),
            });
        }
        Ok(Self {
            tensors: tensors::without_device_prefix(tensors),
            file_name: file_name.to_owned(),
            sha256_hex: sha256_hex(bytes),
        })
    }

    /// The tensor called `name`, if the file has one.
    #[must_use]
    pub fn tensor(&self, name: &str) -> Option<&WeightTensor> {
        self.tensors.get(name)
    }

    /// Every name, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }
}

/// The bytes of a file that is not too large.
pub(crate) fn read_capped(path: &Path) -> Result<Vec<u8>, WeightsProblem> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(WeightsProblem::Io)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(WeightsProblem::TooLarge {
            limit_bytes: MAX_FILE_BYTES,
        });
    }
    Ok(bytes)
}
