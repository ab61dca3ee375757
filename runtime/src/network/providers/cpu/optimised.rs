//! The network as ONNX Runtime has optimised it for this processor, kept between runs.
//!
//! Opening the kept form skips the optimisation. ONNX Runtime maps the file of its weights into
//! memory, so that all sessions and processes share one copy of them. The kept form computes
//! the same operations on the same weights, so results are the same bits.

use std::io;
use std::path::{Path, PathBuf};

use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};

use super::source_files::{SourceError, SourceFiles};
use crate::bundle::NetworkFile;
use crate::network::loaded_files::UnknownLibrary;
use crate::network::store::{CacheFolderError, Entry, Store, StoreKey, StoreKind};
use crate::network::warnings::Warnings;

const GRAPH: &str = "network.onnx";
const WEIGHTS: &str = "weights.bin";
/// A network takes up to 100 MB.
const KIND: StoreKind = StoreKind {
    name: "optimised",
    most_kept: Some(8),
};
/// ONNX Runtime warns with these words whenever it writes an optimised network. The key of the
/// network tells processors apart.
const TIED_TO_PROCESSOR: &str = "hardware specific optimizations";

/// Why a network is not kept, or not opened from where it was kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotKept {
    #[error(transparent)]
    Library(#[from] UnknownLibrary),
    #[error(transparent)]
    Folder(#[from] CacheFolderError),
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Network(#[from] ort::Error),
}

/// The kept form of one network.
#[derive(Debug)]
pub(super) struct OptimisedNetwork(Entry);

impl OptimisedNetwork {
    pub(super) fn in_cache(cache_folder: &Path, key: &StoreKey) -> Result<Self, CacheFolderError> {
        let store = Store::open(cache_folder, KIND)?;
        Entry::in_store(store, key).map(Self)
    }

    /// Opens the kept form. Where that is missing, damaged or refused, the network is opened as
    /// it is, and the kept form is made for the next time. To open both would take more memory.
    pub(super) fn open(
        &self,
        onnx: &NetworkFile,
        builder: &SessionBuilder,
        warnings: &Warnings,
    ) -> Result<Session, NotKept> {
        if !self.0.is_intact() {
            return self.make(onnx, builder, warnings);
        }
        self.0.mark_used();
        // A kept form that is intact and refused would be refused the next time, too.
        self.open_kept(builder)
            .or_else(|_refused| self.make(onnx, builder, warnings))
    }

    fn open_kept(&self, builder: &SessionBuilder) -> ort::Result<Session> {
        builder
            .clone()
            .with_optimization_level(GraphOptimizationLevel::Disable)?
            .commit_from_file(self.0.path().join(GRAPH))
    }

    fn make(
        &self,
        onnx: &NetworkFile,
        builder: &SessionBuilder,
        warnings: &Warnings,
    ) -> Result<Session, NotKept> {
        let failed = |source| NotKept::Io {
            path: self.0.path().to_owned(),
            source,
        };
        let folder = || self.0.partial().map_err(failed);
        let partial = folder()?;
        let source = SourceFiles::write(onnx, folder()?)?;
        let session = write_optimised(&source, builder, partial.path(), warnings)?;
        self.0.replace_by(partial.path()).map_err(failed)?;
        Ok(session)
    }
}

fn write_optimised(
    source: &SourceFiles,
    builder: &SessionBuilder,
    folder: &Path,
    warnings: &Warnings,
) -> ort::Result<Session> {
    let session = builder
        .clone()
        .with_optimized_model_path(folder.join(GRAPH))?
        .with_config_entry(
            "session.optimized_model_external_initializers_file_name",
            WEIGHTS,
        )?
        .with_config_entry(
            "session.optimized_model_external_initializers_min_size_in_bytes",
            "1024",
        )?
        .commit_from_file(source.graph());
    let messages = warnings.take().into_iter();
    warnings.extend(messages.filter(|one| !one.contains(TIED_TO_PROCESSOR)));
    session
}
