//! Why a call failed, as a status and a message.

use std::error::Error;

use cfa_runtime::bundle::{BundleError, BundleProblem};
use cfa_runtime::inspector::{InspectError, OpenError};
use cfa_runtime::network::{Forked, NetworkError};
use cfa_runtime::picture::{Limit, PictureError, PictureProblem};
use cfa_runtime::preprocess::PreprocessError;
use cfa_runtime::session::SessionError;
use cfa_runtime::training_support::cfa::anomaly_map::BlurError;
use cfa_runtime::training_support::cfa::head::HeadError;
use cfa_runtime::training_support::cfa::memory_bank::{MemoryBankError, NeighborsError};

use crate::status::{
    CFA_E_BAD_ARGUMENT, CFA_E_BAD_PICTURE, CFA_E_BUNDLE_DIGEST, CFA_E_BUNDLE_FORMAT,
    CFA_E_BUNDLE_VERSION, CFA_E_BUSY, CFA_E_CANCELLED, CFA_E_INTERNAL, CFA_E_IO, CFA_E_LIMIT,
    CFA_E_NETWORK, CFA_E_NONFINITE, CFA_E_NULL_ARGUMENT, CFA_E_ONNXRUNTIME, CFA_E_PANIC,
    CFA_E_PROVIDER, cfa_status,
};

/// A status other than `CFA_OK`, with one line for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) status: cfa_status,
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn new(status: cfa_status, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    pub(crate) fn null(name: &str) -> Self {
        Self::new(CFA_E_NULL_ARGUMENT, format!("{name} is NULL"))
    }

    /// A bug in this library.
    pub(crate) fn internal(error: &(dyn Error + 'static)) -> Self {
        Self::caused(CFA_E_INTERNAL, error)
    }

    pub(crate) fn argument(message: impl Into<String>) -> Self {
        Self::new(CFA_E_BAD_ARGUMENT, message)
    }

    /// The whole chain of causes becomes the message.
    fn caused(status: cfa_status, error: &(dyn Error + 'static)) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            message = format!("{message}: {error}");
            cause = error.source();
        }
        Self::new(status, message)
    }
}

impl From<SessionError> for Fault {
    fn from(error: SessionError) -> Self {
        let status = match error {
            SessionError::Inspect(error) => return error.into(),
            SessionError::Forked(error) => return error.into(),
            SessionError::Busy => CFA_E_BUSY,
            SessionError::Panicked => CFA_E_PANIC,
            _ => CFA_E_INTERNAL,
        };
        Self::caused(status, &error)
    }
}

impl From<Forked> for Fault {
    fn from(error: Forked) -> Self {
        Self::caused(CFA_E_BAD_ARGUMENT, &error)
    }
}

impl From<OpenError> for Fault {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Network(error) => error.into(),
            other => Self::caused(status_of_opening(&other), &other),
        }
    }
}

impl From<InspectError> for Fault {
    fn from(error: InspectError) -> Self {
        match error {
            InspectError::Network(error) => error.into(),
            InspectError::Picture(error) => error.into(),
            other => Self::caused(status_of(&other), &other),
        }
    }
}

impl From<NetworkError> for Fault {
    fn from(error: NetworkError) -> Self {
        let status = match &error {
            NetworkError::Library { .. } => return library_missing(&error),
            NetworkError::OtherLibrary { .. } => CFA_E_ONNXRUNTIME,
            NetworkError::Bundle(error) => status_of_bundle(error),
            NetworkError::Provider { .. } | NetworkError::NoProvider => CFA_E_PROVIDER,
            NetworkError::Device { .. } | NetworkError::Forked(_) => CFA_E_BAD_ARGUMENT,
            NetworkError::OpeningStopped => CFA_E_CANCELLED,
            NetworkError::Threads(_) => CFA_E_LIMIT,
            _ => CFA_E_NETWORK,
        };
        Self::caused(status, &error)
    }
}

impl From<PictureError> for Fault {
    fn from(error: PictureError) -> Self {
        let fault = Self::caused(status_of_picture(&error.problem), &error);
        let option = match error.problem.exceeded() {
            None => return fault,
            Some(Limit::EncodedBytes) => "max_encoded_bytes",
            Some(Limit::Side) => "max_side_px",
            Some(Limit::Pixels) => "max_pixels",
        };
        Self {
            message: format!(
                "{}; the option \"{option}\" raises the limit",
                fault.message
            ),
            ..fault
        }
    }
}

/// Names the option of this interface that helps.
fn library_missing(error: &NetworkError) -> Fault {
    let NetworkError::Library {
        path,
        minimum,
        source,
    } = error
    else {
        return Fault::caused(CFA_E_ONNXRUNTIME, error);
    };
    Fault::new(
        CFA_E_ONNXRUNTIME,
        format!(
            "ONNX Runtime could not be loaded from {}: {source}; install ONNX Runtime \
             1.{minimum} or newer and name the file of libonnxruntime in the option \
             \"onnxruntime\"",
            path.display()
        ),
    )
}

fn status_of_opening(error: &OpenError) -> cfa_status {
    match error {
        OpenError::Bundle(error) => status_of_bundle(error),
        OpenError::MemoryBank(MemoryBankError::Internal(_))
        | OpenError::Blur(BlurError::Internal(_)) => CFA_E_INTERNAL,
        OpenError::MemoryBank(_) | OpenError::Blur(_) | OpenError::Graph(_) => CFA_E_BUNDLE_FORMAT,
        OpenError::Threads(_) => CFA_E_LIMIT,
        OpenError::NoThreads | OpenError::Calibration(_) => CFA_E_BAD_ARGUMENT,
        _ => CFA_E_INTERNAL,
    }
}

fn status_of(error: &InspectError) -> cfa_status {
    match error {
        InspectError::Head(
            HeadError::NotFinite | HeadError::Neighbors(NeighborsError::NotFinite { .. }),
        ) => CFA_E_NONFINITE,
        InspectError::Cancelled => CFA_E_CANCELLED,
        InspectError::Preprocess(PreprocessError::TooLong { .. }) => CFA_E_LIMIT,
        InspectError::Forked(_) => CFA_E_BAD_ARGUMENT,
        _ => CFA_E_INTERNAL,
    }
}

fn status_of_bundle(error: &BundleError) -> cfa_status {
    match error.problem {
        BundleProblem::Read(_) => CFA_E_IO,
        BundleProblem::TooLarge { .. } => CFA_E_LIMIT,
        BundleProblem::Internal(_) => CFA_E_INTERNAL,
        BundleProblem::Changed
        | BundleProblem::HeaderDamaged
        | BundleProblem::ManifestDamaged
        | BundleProblem::PartDamaged { .. } => CFA_E_BUNDLE_DIGEST,
        BundleProblem::NewerVersion { .. } | BundleProblem::OlderVersion { .. } => {
            CFA_E_BUNDLE_VERSION
        }
        _ => CFA_E_BUNDLE_FORMAT,
    }
}

fn status_of_picture(problem: &PictureProblem) -> cfa_status {
    match problem {
        PictureProblem::Read(_) => CFA_E_IO,
        PictureProblem::FileTooLarge { .. }
        | PictureProblem::TooLarge { .. }
        | PictureProblem::TooSmall { .. } => CFA_E_LIMIT,
        PictureProblem::SampleCount { .. }
        | PictureProblem::Stride { .. }
        | PictureProblem::NegativeStride { .. }
        | PictureProblem::Overflow { .. }
        | PictureProblem::BufferTooShort { .. } => CFA_E_BAD_ARGUMENT,
        _ => CFA_E_BAD_PICTURE,
    }
}
