//! What is kept between runs.

use std::fs;
use std::path::{Path, PathBuf};

use cfa_runtime::Provider;
use cfa_runtime::network::CacheFolder;
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(super) struct Cache {
    pub(super) provider: &'static str,
    pub(super) path: PathBuf,
    /// Files in it, and what they take.
    pub(super) files: usize,
    pub(super) bytes: u64,
    /// Why it is not used; a folder that is not there yet is fine.
    pub(super) error: Option<String>,
}

impl Cache {
    /// One for each provider that keeps something.
    pub(super) fn all(base: &Path) -> Vec<Self> {
        let folders = [
            (Provider::Cpu, "optimised"),
            (Provider::TensorRt, "tensorrt"),
        ];
        let folder = |(provider, name)| Self::new(provider, base.join(name));
        folders.map(folder).into()
    }

    fn new(provider: Provider, path: PathBuf) -> Self {
        let exists = path.exists();
        let error = || {
            CacheFolder::open(&path)
                .err()
                .map(|error| error.to_string())
        };
        let sizes = if exists { sizes(&path) } else { Vec::new() };
        Self {
            provider: provider.name(),
            files: sizes.len(),
            bytes: sizes.iter().sum(),
            error: if exists { error() } else { None },
            path,
        }
    }
}

/// The size of all files in the folder and in those below it.
fn sizes(folder: &Path) -> Vec<u64> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| match entry.metadata() {
            Ok(found) if found.is_dir() => sizes(&entry.path()),
            Ok(found) => vec![found.len()],
            Err(_gone) => Vec::new(),
        })
        .collect()
}
