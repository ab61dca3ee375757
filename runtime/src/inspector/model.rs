//! What all inspectors of one bundle share.

use std::path::Path;
use std::sync::Arc;

use super::OpenError;
use crate::bundle::{Bundle, BundleParts, GoldenRecord, Manifest};
use crate::cfa::head::Head;
use crate::container::NetworkFile;

/// A checked model in memory, from which any number of
/// [`Inspector`](super::Inspector)s are made without another copy of its bank.
///
/// Immutable, cheap to clone, and usable from all threads at once.
#[derive(Debug, Clone)]
pub struct Model {
    pub(super) loaded: Arc<LoadedModel>,
    network: NetworkFile,
}

/// All of a model but the network file, which an opened network no longer needs.
#[derive(Debug)]
pub(super) struct LoadedModel {
    pub(super) manifest: Manifest,
    pub(super) golden: Vec<GoldenRecord>,
    pub(super) head: Head,
    pub(super) digest_hex: String,
}

impl Model {
    /// Reads and checks a bundle file.
    ///
    /// The file stays open, because its network is read when an inspector is opened and not
    /// held in memory before. The file may be replaced or removed, but after it was written
    /// into, opening its network is an error. A pipe, or what else is no regular file, is read
    /// once, and its network is held in memory.
    pub fn open(bundle: &Path) -> Result<Self, OpenError> {
        let (bundle, network) = Bundle::open_without_network(bundle)?;
        let (loaded, _left_in_file) = LoadedModel::new(bundle)?;
        Ok(Self {
            loaded: Arc::new(loaded),
            network,
        })
    }

    /// Takes over a bundle that is already loaded, and holds its network in memory.
    pub fn from_bundle(bundle: Bundle) -> Result<Self, OpenError> {
        let (loaded, network) = LoadedModel::new(bundle)?;
        Ok(Self {
            loaded: Arc::new(loaded),
            network: network.into(),
        })
    }

    /// The settings of the model.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.loaded.manifest
    }

    /// SHA-256 of the bundle file, in lower-case hexadecimal.
    #[must_use]
    pub fn digest_hex(&self) -> &str {
        &self.loaded.digest_hex
    }

    /// What follows the network.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.loaded.head
    }

    pub(super) fn network(&self) -> &NetworkFile {
        &self.network
    }
}

impl LoadedModel {
    /// Builds the head of a bundle; also gives the network's ONNX file.
    fn new(bundle: Bundle) -> Result<(Self, Vec<u8>), OpenError> {
        let digest_hex = bundle.digest_hex().to_owned();
        let BundleParts {
            manifest,
            network_onnx,
            tensors,
            golden,
        } = bundle.into_parts();
        let head = manifest.settings.head(tensors)?;
        let loaded = Self {
            manifest,
            golden,
            head,
            digest_hex,
        };
        Ok((loaded, network_onnx))
    }
}
