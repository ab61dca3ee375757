//! The network's ONNX file, in memory or in the bundle that it came from.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use prost::bytes::Bytes;

use super::digest::sha256_hex;
use super::{BundleError, BundleProblem};

/// The bytes of a network's ONNX file, or where to read them again. Cheap to clone.
///
/// A network is most of a bundle, and is needed only when it is opened for the first time on a
/// machine; so it is not held in memory where there is a file.
#[derive(Debug, Clone)]
pub(crate) enum NetworkFile {
    Memory(Bytes),
    Bundle(Arc<NetworkPart>),
}

/// Part of a bundle file that is kept open: replacing or removing the file does no harm.
#[derive(Debug)]
pub(crate) struct NetworkPart {
    pub(super) file: File,
    pub(super) path: PathBuf,
    pub(super) start: u64,
    pub(super) bytes: u64,
    pub(super) sha256_hex: String,
}

impl NetworkFile {
    /// # Errors
    /// The bundle file cannot be read any more, or was written to since it was checked.
    pub(crate) fn bytes(&self) -> Result<Bytes, BundleError> {
        match self {
            Self::Memory(bytes) => Ok(bytes.clone()),
            Self::Bundle(part) => part.read(),
        }
    }

    /// Whether a part of this file can be read again, which is not so with a pipe.
    pub(super) fn can_stay_in(file: &File) -> bool {
        cfg!(any(unix, windows)) && file.metadata().is_ok_and(|found| found.is_file())
    }

    pub(crate) fn sha256_hex(&self) -> Cow<'_, str> {
        match self {
            Self::Memory(bytes) => sha256_hex(bytes).into(),
            Self::Bundle(part) => part.sha256_hex.as_str().into(),
        }
    }
}

impl From<Vec<u8>> for NetworkFile {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Memory(bytes.into())
    }
}

impl NetworkPart {
    fn read(&self) -> Result<Bytes, BundleError> {
        let problem = match self.present_bytes() {
            Ok(bytes) if sha256_hex(&bytes) == self.sha256_hex => return Ok(bytes.into()),
            Ok(_others) => BundleProblem::Changed,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => BundleProblem::Changed,
            Err(error) => BundleProblem::Read(error),
        };
        Err(BundleError::at(&self.path, problem))
    }

    fn present_bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; self.bytes as usize];
        read_at(&self.file, &mut bytes, self.start)?;
        Ok(bytes)
    }
}

/// Fills `buffer` from `start` on, wherever the file's own position is: threads share that, and
/// so do processes after a fork.
#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], start: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, start)
}

/// Fills `buffer` from `start` on.
#[cfg(windows)]
fn read_at(file: &File, mut buffer: &mut [u8], mut start: u64) -> io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !buffer.is_empty() {
        match file.seek_read(buffer, start) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                buffer = &mut buffer[read..];
                start += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Not reached, because no part of a file is left there.
#[cfg(not(any(unix, windows)))]
fn read_at(_file: &File, _buffer: &mut [u8], _start: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
