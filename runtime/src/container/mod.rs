//! The trained model as one file; the format is described in `docs/BUNDLE.md`.
//!
//! Nothing in a file is believed before it is checked: sizes first, then
//! digests, then whether the settings fit the parts and each other.

mod check;
mod container;
mod digest;
mod error;
mod golden;
mod manifest;
mod network_file;
mod part_names;
mod precision;
mod read;
mod tensor;
#[cfg(test)]
mod tests;
mod write;

use std::fs::File;
use std::mem;
use std::path::Path;
use std::sync::Arc;

use ndarray::Array2;

pub(crate) use digest::{sha256_hex, sha256_hex_of};
pub use error::{BundleError, BundleProblem};
pub use golden::GoldenRecord;
pub use manifest::{
    AnomalyMapSettings, BackboneIdentity, DescriptorShape, GoldenSample, HeatmapRange, Manifest,
    MemoryBankShape, Part, PartType, ScoreSettings,
};
pub(crate) use network_file::NetworkFile;
use network_file::NetworkPart;
pub use part_names::level_name;
pub use precision::NetworkPrecision;
pub use write::write_bundle;

use crate::invariant::BrokenInvariant;

/// A checked bundle, held in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Bundle {
    /// The settings.
    pub manifest: Manifest,
    network_onnx: Vec<u8>,
    /// Where the network begins in the file.
    network_start: u64,
    coordinates: Array2<f32>,
    memory_bank: Array2<f32>,
    golden: Vec<GoldenRecord>,
    digest_hex: String,
}

/// What a bundle is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct BundleParts {
    /// The settings. `format`, `format_version` and `parts` are filled in on
    /// writing, whatever they hold.
    pub manifest: Manifest,
    /// The network as an ONNX file: `input` N×3×H×W to `level1`, `level2`, …, each
    /// N × height × width × channels of `manifest.descriptor.levels`.
    pub network_onnx: Vec<u8>,
    /// What one unit of the row and of the column coordinate adds to the leading
    /// channels of a descriptor: two rows, finite.
    pub coordinates: Array2<f32>,
    /// The memory bank: centroids × channels, finite.
    pub memory_bank: Array2<f32>,
    /// The recorded pictures and maps, in the order of `manifest.golden`.
    pub golden: Vec<GoldenRecord>,
}

impl Bundle {
    /// Reads and checks a bundle file.
    pub fn open(path: &Path) -> Result<Self, BundleError> {
        Self::read(path).map(|(bundle, _file)| bundle)
    }

    /// The same without the network, which is left in the file where it can be read again.
    pub(crate) fn open_without_network(path: &Path) -> Result<(Self, NetworkFile), BundleError> {
        let (mut bundle, file) = Self::read(path)?;
        let network_onnx = mem::take(&mut bundle.network_onnx);
        if !NetworkFile::can_stay_in(&file) {
            return Ok((bundle, network_onnx.into()));
        }
        let network = NetworkPart {
            file,
            path: path.to_owned(),
            start: bundle.network_start,
            bytes: network_onnx.len() as u64,
            sha256_hex: bundle.network_sha256_hex()?,
        };
        Ok((bundle, NetworkFile::Bundle(Arc::new(network))))
    }

    fn read(path: &Path) -> Result<(Self, File), BundleError> {
        let read = || {
            let mut file = File::open(path).map_err(BundleProblem::Read)?;
            let bundle = read::bundle(read::file_bytes(&mut file)?)?;
            Ok((bundle, file))
        };
        read().map_err(|problem| BundleError::at(path, problem))
    }

    /// As the manifest lists it, which was checked.
    fn network_sha256_hex(&self) -> Result<String, BundleProblem> {
        let mut parts = self.manifest.parts.iter();
        let network = parts.find(|part| part.name == part_names::NETWORK);
        let digest = network.map(|part| part.sha256.clone());
        Ok(digest.ok_or(BrokenInvariant("a checked manifest lists the network"))?)
    }

    /// Checks a bundle file that is already in memory.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BundleError> {
        Ok(read::bundle(bytes.to_vec())?)
    }

    /// What [`write_bundle`] would write, read back and checked, without a file.
    pub fn from_parts(parts: BundleParts) -> Result<Self, BundleError> {
        let bytes = write::encode(parts)?;
        Ok(read::bundle(bytes)?)
    }

    /// The network as an ONNX file.
    #[must_use]
    pub fn network_onnx(&self) -> &[u8] {
        &self.network_onnx
    }

    /// A copy of the memory bank: centroids × channels, finite.
    #[must_use]
    pub fn memory_bank(&self) -> Array2<f32> {
        self.memory_bank.clone()
    }

    /// A copy of the coordinates' weights: two rows, finite.
    #[must_use]
    pub fn coordinates(&self) -> Array2<f32> {
        self.coordinates.clone()
    }

    /// The golden samples: what the manifest says of each, and its record.
    pub fn golden_samples(&self) -> impl Iterator<Item = (&GoldenSample, &GoldenRecord)> {
        self.manifest.golden.iter().zip(&self.golden)
    }

    /// SHA-256 of the whole file, in lower-case hexadecimal; names the model in reports.
    #[must_use]
    pub fn digest_hex(&self) -> &str {
        &self.digest_hex
    }

    /// Takes the bundle apart, for instance to write it again.
    #[must_use]
    pub fn into_parts(self) -> BundleParts {
        BundleParts {
            manifest: self.manifest,
            network_onnx: self.network_onnx,
            coordinates: self.coordinates,
            memory_bank: self.memory_bank,
            golden: self.golden,
        }
    }
}
