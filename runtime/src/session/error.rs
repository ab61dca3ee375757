//! Why a session did not answer.

use crate::inspector::InspectError;
use crate::process::Forked;

/// Why a session did not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// Another call is computing.
    #[error("the session is computing for another thread; give each thread a session of its own")]
    Busy,
    /// A call has panicked, so the state of the inspector is not known.
    #[error("this session panicked before and can only be freed; make a new one")]
    Panicked,
    /// The threads that compute stayed in the parent process.
    #[error(transparent)]
    Forked(#[from] Forked),
    /// The picture could not be inspected.
    #[error(transparent)]
    Inspect(#[from] InspectError),
}
