//! The committed checkpoints, made whole again.

use std::fs::File;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};

use cfa_golden::backbone_weights;
use cfa_train::backbone::Backbone;
use cfa_train::backbone::weights::{WeightTensor, Weights};
use cfa_train::network::Parameters;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub(crate) fn file(name: &str) -> PathBuf {
    tests().join("trainer/anomalib").join(name)
}

/// The tensors of a recording.
pub(crate) fn recorded(name: &str) -> Weights {
    Weights::read(&file(name)).unwrap()
}

/// A tensor of bytes, which [`Weights`] leaves out.
pub(crate) fn recorded_bytes(name: &str, tensor: &str) -> (Vec<usize>, Vec<u8>) {
    let bytes = std::fs::read(file(name)).unwrap();
    let all = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let found = all.tensor(tensor).unwrap();
    (found.shape().to_vec(), found.data().to_vec())
}

/// A checkpoint such as `v2.7.0.ckpt` as it was written, but for the alignment of the
/// archive: the weights of the backbone are generated from their names.
pub(crate) struct Checkpoint {
    /// Name and content, in the archive's order.
    entries: Vec<(String, Vec<u8>)>,
    name: String,
}

impl Checkpoint {
    pub(crate) fn read(name: &str) -> Self {
        let subset = tests().join("golden/subset");
        let weights = backbone_weights(&subset, Backbone::Resnet18)
            .unwrap()
            .unwrap();
        let note = std::fs::read_to_string(file(&format!("{name}.json"))).unwrap();
        let note: Value = serde_json::from_str(&note).unwrap();
        let mut entries = kept(name);
        let removed = removed(&note, &weights);
        let mut digest = Sha256::new();
        for (_entry, content) in &removed {
            digest.update(content);
        }
        let digest = hexadecimal(&digest.finalize());
        assert_eq!(
            digest, note["removed_sha256"],
            "{name}: other weights were generated"
        );
        entries.extend(removed);
        Self {
            entries,
            name: name.to_owned(),
        }
    }

    /// The pickle, to be changed.
    pub(crate) fn pickle(&mut self) -> &mut Vec<u8> {
        let mut entries = self.entries.iter_mut();
        let found = entries.find(|(name, _)| name.ends_with("/data.pkl"));
        &mut found.unwrap().1
    }

    /// Replaces a text by one of the same length, wherever it stands.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        assert_eq!(from.len(), to.len());
        let pickle = self.pickle();
        let places: Vec<usize> = (0..pickle.len() - from.len())
            .filter(|&at| pickle[at..].starts_with(from.as_bytes()))
            .collect();
        assert!(!places.is_empty(), "{from} is not there");
        for at in places {
            pickle[at..at + to.len()].copy_from_slice(to.as_bytes());
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in &self.entries {
            writer.start_file(name.as_str(), stored).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    pub(crate) fn save(&self, folder: &TempDir) -> PathBuf {
        let path = folder.path().join(&self.name);
        std::fs::write(&path, self.bytes()).unwrap();
        path
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|b| [b >> 4, b & 15]);
    let digits = digits.filter_map(|digit| char::from_digit(digit.into(), 16));
    digits.collect()
}

fn kept(name: &str) -> Vec<(String, Vec<u8>)> {
    let archive = File::open(file(&format!("{name}.zip"))).unwrap();
    let mut archive = ZipArchive::new(archive).unwrap();
    let length = archive.len();
    let entry = |index| {
        let mut entry = archive.by_index(index).unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (entry.name().unwrap().into_owned(), content)
    };
    (0..length).map(entry).collect()
}

fn removed(note: &Value, weights: &Parameters) -> Vec<(String, Vec<u8>)> {
    let pairs = note["removed"].as_array().unwrap().iter();
    let pairs = pairs.map(|pair| {
        let [entry, tensor] = [0, 1].map(|i| pair[i].as_str().unwrap().to_owned());
        (entry, little_endian(&weights[&tensor]))
    });
    pairs.collect()
}

fn little_endian(tensor: &WeightTensor) -> Vec<u8> {
    tensor.values.iter().flat_map(|v| v.to_le_bytes()).collect()
}
