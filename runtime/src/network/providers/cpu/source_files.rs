//! A network as two files, its graph and its weights, while ONNX Runtime reads it.
//!
//! ONNX Runtime would hold two more copies of a network that it gets in memory.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use tempfile::TempDir;

use crate::bundle::{BundleError, NetworkFile};
use crate::onnx::{ExternalError, without_weights};

const GRAPH: &str = "source.onnx";
const WEIGHTS: &str = "source.bin";

/// Why the files could not be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceError {
    #[error(transparent)]
    Bundle(#[from] BundleError),
    #[error(transparent)]
    Network(#[from] ExternalError),
    #[error("the network cannot be written there: {0}")]
    Write(#[from] io::Error),
}

/// The folder of the two files, which is removed with this value.
#[derive(Debug)]
pub(super) struct SourceFiles(TempDir);

impl SourceFiles {
    pub(super) fn write(network: &NetworkFile, folder: TempDir) -> Result<Self, SourceError> {
        let mut weights = BufWriter::new(File::create(folder.path().join(WEIGHTS))?);
        let graph = without_weights(network.bytes()?, &mut weights, WEIGHTS)?;
        weights.flush()?;
        let source = Self(folder);
        fs::write(source.graph(), graph)?;
        Ok(source)
    }

    pub(super) fn graph(&self) -> PathBuf {
        self.0.path().join(GRAPH)
    }
}
