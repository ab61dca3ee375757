//! The network as ONNX Runtime has optimised it for this processor, kept between runs.
//!
//! Opening the kept form skips the optimisation. Its weights lie in a file of their own that
//! ONNX Runtime maps into memory, so all sessions and processes share one copy of them.
//! It computes the same operations on the same weights: results are the same bits.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};

use super::source_files::{SourceError, SourceFiles};
use crate::bundle::NetworkFile;
use crate::network::store::digests::{self, DIGESTS};
use crate::network::store::{CacheFolder, CacheFolderError};
use crate::network::warnings::Warnings;

const GRAPH: &str = "network.onnx";
const WEIGHTS: &str = "weights.bin";
/// Folders that are being filled.
const PARTIAL: &str = ".partial-";
/// Of a run that was killed meanwhile, when it is older than this.
const ABANDONED: Duration = Duration::from_hours(1);
/// A network takes up to 100 MB; those not used for the longest time go first.
const MOST_KEPT: usize = 8;
/// What ONNX Runtime warns of whenever it writes an optimised network. The name of the folder
/// tells processors apart.
const TIED_TO_PROCESSOR: &str = "hardware specific optimizations";

/// Why a network is not kept, or not opened from where it was kept.
#[derive(Debug, thiserror::Error)]
pub(in crate::network) enum NotKept {
    #[error(
        "it cannot be told from which file ONNX Runtime was loaded; name that file by its path"
    )]
    Library,
    #[error(transparent)]
    Folder(#[from] CacheFolderError),
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Network(#[from] ort::Error),
}

/// One network's place in the cache.
#[derive(Debug)]
pub(in crate::network) struct OptimisedNetwork {
    all: CacheFolder,
    folder: PathBuf,
}

impl OptimisedNetwork {
    /// `key` names network, library and processor, in characters fit for a file name.
    pub(in crate::network) fn in_cache(cache_folder: &Path, key: &str) -> Result<Self, NotKept> {
        let all = CacheFolder::open(&cache_folder.join("optimised"))?;
        let folder = all.path().join(key);
        if folder.exists() {
            CacheFolder::open(&folder)?;
        }
        Ok(Self { all, folder })
    }

    /// Opens the kept form. Where that is missing, damaged or refused, it is made for the next time while
    /// the network is opened as it is: to open the kept form, too, would take more memory.
    pub(in crate::network) fn open(
        &self,
        onnx: &NetworkFile,
        builder: &SessionBuilder,
        warnings: &Warnings,
    ) -> Result<Session, NotKept> {
        if !self.is_intact() {
            return self.make(onnx, builder, warnings);
        }
        // The time it was changed is that of the last use, on which nothing hangs but which one
        // is removed first.
        let _untouched = touch(&self.folder.join(DIGESTS));
        let kept = self.open_kept(builder);
        // One that is whole and yet refused would be refused the next time, too.
        kept.or_else(|_refused| self.make(onnx, builder, warnings))
    }

    fn open_kept(&self, builder: &SessionBuilder) -> ort::Result<Session> {
        builder
            .clone()
            .with_optimization_level(GraphOptimizationLevel::Disable)?
            .commit_from_file(self.folder.join(GRAPH))
    }

    fn is_intact(&self) -> bool {
        digests::is_intact(&self.folder)
    }

    fn make(
        &self,
        onnx: &NetworkFile,
        builder: &SessionBuilder,
        warnings: &Warnings,
    ) -> Result<Session, NotKept> {
        let failed = |source| NotKept::Io {
            path: self.folder.clone(),
            source,
        };
        let folder = || self.all.temporary(PARTIAL).map_err(failed);
        let partial = folder()?;
        let source = SourceFiles::write(onnx, folder()?)?;
        let session = write_optimised(&source, builder, partial.path(), warnings)?;
        self.take_over(partial.path()).map_err(failed)?;
        self.remove_old();
        Ok(session)
    }

    /// Another process may do the same meanwhile; one of the two stays.
    fn take_over(&self, partial: &Path) -> io::Result<()> {
        digests::record(partial)?;
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        match fs::rename(partial, &self.folder) {
            Err(_other_process) if self.is_intact() => Ok(()),
            renamed => renamed,
        }
    }

    /// What cannot be removed now is looked at again the next time.
    fn remove_old(&self) {
        let mut kept = Vec::new();
        for entry in fs::read_dir(self.all.path())
            .into_iter()
            .flatten()
            .flatten()
        {
            let (path, name) = (entry.path(), entry.file_name());
            if name.to_string_lossy().starts_with(PARTIAL) {
                if age(&path).is_none_or(|age| age > ABANDONED) {
                    let _later = fs::remove_dir_all(path);
                }
            } else {
                kept.push((age(&path.join(DIGESTS)), path));
            }
        }
        kept.sort();
        for (_age, path) in kept.into_iter().skip(MOST_KEPT) {
            let _later = fs::remove_dir_all(path);
        }
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
    let said = warnings.take().into_iter();
    warnings.extend(said.filter(|one| !one.contains(TIED_TO_PROCESSOR)));
    session
}

fn touch(path: &Path) -> io::Result<()> {
    File::options()
        .append(true)
        .open(path)?
        .set_modified(SystemTime::now())
}

/// Since the last change; `None` sorts before all ages.
fn age(path: &Path) -> Option<Duration> {
    path.metadata().ok()?.modified().ok()?.elapsed().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]
    use super::*;

    fn place(base: &Path, key: &str) -> OptimisedNetwork {
        OptimisedNetwork::in_cache(base, key).unwrap()
    }

    fn fill(network: &OptimisedNetwork, age: Duration) {
        fs::create_dir(&network.folder).unwrap();
        for name in [GRAPH, WEIGHTS] {
            fs::write(network.folder.join(name), name).unwrap();
        }
        digests::record(&network.folder).unwrap();
        let recorded = network.folder.join(DIGESTS);
        let recorded = File::options().append(true).open(recorded).unwrap();
        recorded.set_modified(SystemTime::now() - age).unwrap();
    }

    #[test]
    fn those_used_last_stay() {
        let base = tempfile::tempdir().unwrap();
        let networks: Vec<_> = (0..MOST_KEPT as u64 + 2)
            .map(|number| {
                let network = place(base.path(), &number.to_string());
                fill(&network, Duration::from_secs(100 * number));
                network
            })
            .collect();
        networks[0].remove_old();
        let kept = networks.iter().map(OptimisedNetwork::is_intact);
        let kept: Vec<bool> = kept.collect();
        assert!(kept[..MOST_KEPT].iter().all(|&kept| kept), "{kept:?}");
        assert!(!kept[MOST_KEPT] && !kept[MOST_KEPT + 1], "{kept:?}");
    }

    #[test]
    fn what_others_are_filling_is_left_alone_unless_abandoned() {
        let base = tempfile::tempdir().unwrap();
        let network = place(base.path(), "a");
        let [young, old] = ["young", "old"].map(|name| {
            let path = network.all.path().join(format!("{PARTIAL}{name}"));
            fs::create_dir(&path).unwrap();
            path
        });
        let past = SystemTime::now() - 2 * ABANDONED;
        File::open(&old).unwrap().set_modified(past).unwrap();
        network.remove_old();
        assert!(young.exists() && !old.exists());
    }

    #[test]
    fn a_second_maker_takes_what_the_first_has_made() {
        let base = tempfile::tempdir().unwrap();
        let [first, partial] = ["first", "partial"].map(|key| place(base.path(), key));
        for network in [&first, &partial] {
            fill(network, Duration::ZERO);
        }
        first.take_over(&partial.folder).unwrap();
        assert!(first.is_intact() && !partial.folder.exists());
    }
}
