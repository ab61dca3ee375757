//! Where a picture comes from.

use std::borrow::Cow;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::picture::Picture;

/// A picture to inspect: a file, its bytes, or decoded pixels.
///
/// All of them go the same way and give the same bits. Borrowed pictures are not copied.
///
/// ```no_run
/// # use std::path::Path;
/// # fn run(mut inspector: cfa_runtime::Inspector) -> Result<(), Box<dyn std::error::Error>> {
/// let from_path = inspector.inspect(Path::new("part.png"))?;
/// let encoded = std::fs::read("part.png")?;
/// let from_bytes = inspector.inspect(&encoded[..])?;
/// assert_eq!(from_path.map, from_bytes.map);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub enum Source<'a> {
    /// A picture file.
    Path(Cow<'a, Path>),
    /// The bytes of a picture file.
    Bytes(Held<'a, [u8]>),
    /// A decoded picture.
    Frame(Held<'a, Picture>),
}

/// Something that is borrowed for the time of a call, or shared with its owner.
#[derive(Debug)]
pub enum Held<'a, T: ?Sized> {
    /// It belongs to the caller.
    Borrowed(&'a T),
    /// It lives as long as anybody needs it.
    Shared(Arc<T>),
}

impl<T: ?Sized> Held<'_, T> {
    /// A handle that outlives the call; `None` where it is borrowed.
    pub(super) fn shared(self) -> Option<Arc<T>> {
        match self {
            Self::Borrowed(_) => None,
            Self::Shared(value) => Some(value),
        }
    }
}

impl<T: ?Sized> Clone for Held<'_, T> {
    fn clone(&self) -> Self {
        match self {
            Self::Borrowed(value) => Self::Borrowed(value),
            Self::Shared(value) => Self::Shared(Arc::clone(value)),
        }
    }
}

impl<T: ?Sized> Deref for Held<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Borrowed(value) => value,
            Self::Shared(value) => value,
        }
    }
}

/// An entry of a queue of pictures; see [`Inspector::inspect_each`](super::Inspector).
///
/// Paths are such entries. A program implements it for its own requests, which come back with
/// their results.
///
/// ```
/// use std::sync::Arc;
/// use cfa_runtime::inspector::{Source, ToSource};
///
/// struct Request {
///     number: u64,
///     encoded: Arc<[u8]>,
/// }
///
/// impl ToSource for Request {
///     fn to_source(&self) -> Source<'static> {
///         Arc::clone(&self.encoded).into()
///     }
/// }
/// ```
pub trait ToSource {
    /// The picture, independent of the entry. Cheap: pixels and bytes are shared, not copied.
    fn to_source(&self) -> Source<'static>;
}

impl<P: AsRef<Path>> ToSource for P {
    fn to_source(&self) -> Source<'static> {
        self.as_ref().to_owned().into()
    }
}

impl ToSource for Source<'static> {
    fn to_source(&self) -> Source<'static> {
        self.clone()
    }
}

impl<'a> From<&'a Path> for Source<'a> {
    fn from(path: &'a Path) -> Self {
        Self::Path(path.into())
    }
}

impl<'a> From<&'a PathBuf> for Source<'a> {
    fn from(path: &'a PathBuf) -> Self {
        path.as_path().into()
    }
}

impl From<PathBuf> for Source<'_> {
    fn from(path: PathBuf) -> Self {
        Self::Path(path.into())
    }
}

impl<'a> From<&'a [u8]> for Source<'a> {
    fn from(encoded: &'a [u8]) -> Self {
        Self::Bytes(Held::Borrowed(encoded))
    }
}

impl From<Arc<[u8]>> for Source<'_> {
    fn from(encoded: Arc<[u8]>) -> Self {
        Self::Bytes(Held::Shared(encoded))
    }
}

impl<'a> From<&'a Picture> for Source<'a> {
    fn from(picture: &'a Picture) -> Self {
        Self::Frame(Held::Borrowed(picture))
    }
}

impl From<Arc<Picture>> for Source<'_> {
    fn from(picture: Arc<Picture>) -> Self {
        Self::Frame(Held::Shared(picture))
    }
}
