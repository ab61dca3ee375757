//! Files that are kept between runs, in folders that only their owner can write to.

pub(super) mod digests;
mod folder;

pub use folder::{CacheFolder, CacheFolderError};
