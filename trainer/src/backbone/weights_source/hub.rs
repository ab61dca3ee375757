//! The Hugging Face hub.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use hf_hub::api::Progress;
use hf_hub::api::sync::{ApiBuilder, ApiError};
use hf_hub::{Cache, Repo, RepoType};

use super::{Downloaded, SourceError};
use crate::digest::sha256_hex;

/// How to reach the hub, and where its files are kept.
#[derive(Clone)]
pub struct Hub {
    /// Address without a trailing slash; `None`: the public hub.
    pub endpoint: Option<String>,
    /// The hub's cache folder, shared with other programs that use the hub.
    pub cache: PathBuf,
    /// For repositories that are not public; `None`: the one in the file `token`
    /// beside the cache folder, if any.
    pub token: Option<String>,
}

/// Without the token.
impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("endpoint", &self.endpoint)
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}

impl Hub {
    const PUBLIC: &str = "the public hub";

    /// The file in the cache, downloaded unless it is there. Interrupted downloads
    /// go on where they stopped.
    pub(super) fn fetch(
        &self,
        repository: &str,
        file: &str,
        progress: Downloaded<'_>,
    ) -> Result<PathBuf, SourceError> {
        let repo = Repo::new(repository.to_owned(), RepoType::Model);
        let cache = Cache::new(self.cache.clone());
        if let Some(path) = cache.repo(repo.clone()).get(file) {
            return Ok(path);
        }
        let failed = |error| self.failed(repository, file, error);
        let announced = AtomicU64::new(0);
        let reported = Reported {
            progress,
            done: 0,
            announced: &announced,
        };
        let api = self.builder(cache).build().map_err(failed)?;
        let path = api
            .repo(repo)
            .download_with_progress(file, reported)
            .map_err(failed)?;
        require_whole(&path, announced.into_inner())?;
        Ok(path)
    }

    fn builder(&self, cache: Cache) -> ApiBuilder {
        let mut builder = ApiBuilder::from_cache(cache).with_progress(false);
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint.trim_end_matches('/').to_owned());
        }
        match &self.token {
            Some(token) => builder.with_token(Some(token.clone())),
            None => builder,
        }
    }

    fn failed(&self, repository: &str, file: &str, error: ApiError) -> SourceError {
        let (repository, file) = (repository.to_owned(), file.to_owned());
        match refused(&error) {
            Some(status) => SourceError::NotOnHub {
                repository,
                file,
                status,
            },
            None => SourceError::Hub {
                repository,
                file,
                endpoint: self.endpoint.clone().unwrap_or(Self::PUBLIC.to_owned()),
                cause: Box::new(error),
            },
        }
    }
}

/// The status with which the hub says that there is nothing for us. The error names
/// it in its text alone: the HTTP client's type is not ours.
fn refused(error: &ApiError) -> Option<u16> {
    let text = error.to_string();
    [401, 403, 404]
        .into_iter()
        .find(|status| text.contains(&format!("status: {status}")))
}

/// The client keeps whatever arrived. A weight file's name in the cache is its sha256.
fn require_whole(path: &Path, announced: u64) -> Result<(), SourceError> {
    let unusable = |source| SourceError::Cache {
        path: path.to_owned(),
        source,
    };
    let blob = fs::canonicalize(path).map_err(unusable)?;
    let bytes = fs::read(&blob).map_err(unusable)?;
    let what = damage(&blob, &bytes, announced);
    let Some(what) = what else { return Ok(()) };
    fs::remove_file(path).map_err(unusable)?;
    if blob.exists() {
        fs::remove_file(&blob).map_err(unusable)?;
    }
    Err(SourceError::Damaged {
        path: path.to_owned(),
        what,
    })
}

fn damage(blob: &Path, bytes: &[u8], announced: u64) -> Option<String> {
    if bytes.len() as u64 != announced {
        return Some(format!("{} of {announced} bytes", bytes.len()));
    }
    let name = blob.file_name()?.to_str()?;
    let is_digest = name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit());
    (is_digest && sha256_hex(bytes) != name).then(|| format!("its sha256 is not {name}"))
}

struct Reported<'a> {
    progress: Downloaded<'a>,
    done: u64,
    announced: &'a AtomicU64,
}

impl Progress for Reported<'_> {
    fn init(&mut self, size: usize, _filename: &str) {
        self.announced.store(size as u64, Ordering::Relaxed);
        self.done = 0;
    }

    fn update(&mut self, size: usize) {
        self.done += size as u64;
        (self.progress)(self.done, self.announced.load(Ordering::Relaxed));
    }

    fn finish(&mut self) {}
}
