//! The file of a trained model, whatever its method; `docs/BUNDLE.md` describes the format.
//!
//! The container knows the frame of the manifest, the network and the golden samples. The
//! settings and tensors of the method it takes as a [`Method`].
//!
//! Nothing in a file is trusted before it is checked: sizes first, then
//! digests, then whether the settings fit the parts and each other.

mod check;
mod digest;
mod error;
mod golden;
mod manifest;
mod method;
mod network_file;
mod part_names;
mod precision;
mod read;
mod require;
mod safetensors_file;
mod tensor;
#[cfg(test)]
mod tests;
mod version;
mod write;

use std::fs::File;
use std::mem;
use std::path::Path;
use std::sync::Arc;

pub(crate) use digest::{sha256_hex, sha256_hex_of};
pub use error::{BundleError, BundleProblem};
pub use golden::GoldenRecord;
pub(crate) use manifest::Manifest;
pub use manifest::{BackboneIdentity, GoldenSample, HeatmapRange, Part, PartType};
pub use method::Method;
pub(crate) use network_file::NetworkFile;
use network_file::NetworkPart;
pub use precision::NetworkPrecision;
pub(crate) use require::{require, require_finite};
pub use write::write_bundle;

use crate::invariant::BrokenInvariant;

/// A checked bundle, held in memory. It cannot be changed; [`into_parts`](Self::into_parts)
/// takes it apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Bundle<M: Method> {
    manifest: Manifest<M>,
    network_onnx: Vec<u8>,
    /// Where the network begins in the file.
    network_start: u64,
    tensors: M::Tensors,
    golden: Vec<GoldenRecord>,
    digest_hex: String,
}

/// What a bundle is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct BundleParts<M: Method> {
    /// The settings. `format`, `format_version`, `method` and `parts` are filled in on
    /// writing, whatever they hold.
    pub manifest: Manifest<M>,
    /// The network as an ONNX file: `input` N×3×H×W to the outputs that the method reads.
    pub network_onnx: Vec<u8>,
    /// The method's own tensors.
    pub tensors: M::Tensors,
    /// The recorded pictures and maps, in the order of `manifest.golden`.
    pub golden: Vec<GoldenRecord>,
}

impl<M: Method> Bundle<M> {
    /// Reads and checks a bundle file.
    pub fn open(path: &Path) -> Result<Self, BundleError> {
        Self::read(path).map(|(bundle, _file)| bundle)
    }

    /// Reads and checks a bundle file, and leaves the network in the file where it can be read
    /// again.
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

    /// The digest that the checked manifest lists.
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
    pub fn from_parts(parts: BundleParts<M>) -> Result<Self, BundleError> {
        let bytes = write::encode(parts)?;
        Ok(read::bundle(bytes)?)
    }

    /// The network as an ONNX file.
    #[must_use]
    pub fn network_onnx(&self) -> &[u8] {
        &self.network_onnx
    }

    /// The settings.
    #[must_use]
    pub fn manifest(&self) -> &Manifest<M> {
        &self.manifest
    }

    /// The method's own tensors.
    #[must_use]
    pub fn tensors(&self) -> &M::Tensors {
        &self.tensors
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
    pub fn into_parts(self) -> BundleParts<M> {
        BundleParts {
            manifest: self.manifest,
            network_onnx: self.network_onnx,
            tensors: self.tensors,
            golden: self.golden,
        }
    }
}
