//! What is kept between runs. A store is a folder that only its owner can write to, with one
//! folder of files for each key.
//!
//! Kept files are executed as they are. So an entry is used only in a safe folder, and only
//! when all its files have the digests that were recorded when it was complete.

mod digests;
mod entry;
mod folder;
mod key;
mod root;

pub(super) use entry::Entry;
#[cfg(test)]
pub(super) use entry::LOCK_INTERVAL;
pub use folder::{CacheFolder, CacheFolderError};
pub(super) use key::StoreKey;
pub(super) use root::{Store, StoreKind};
