//! How to get what is missing. The library names what it needs; this program knows the
//! checkout and the variables that it reads.

use anyhow::{Error, anyhow};
use cfa_runtime::Provider;
use cfa_runtime::inspector::OpenError;
use cfa_runtime::network::{NetworkError, ProviderRefusal, RefusalReason};

/// The error of loading ONNX Runtime, with the ways to get it.
pub(crate) fn for_library(error: NetworkError) -> Error {
    let is_missing = matches!(error, NetworkError::Library { .. });
    let error = Error::from(error);
    if !is_missing {
        return error;
    }
    anyhow!(
        "{error:#}; get it with `cargo xtask setup --runtime`, or set ORT_DYLIB_PATH to the file \
         of libonnxruntime"
    )
}

/// The error of opening a model, with the way to get the provider that is missing.
pub(crate) fn for_opening(error: OpenError) -> Error {
    let missing = match &error {
        OpenError::Network(NetworkError::Provider { provider, reason }) if is_missing(reason) => {
            Some(*provider)
        }
        _ => None,
    };
    let error = Error::from(error);
    match missing.and_then(for_provider) {
        Some(hint) => anyhow!("{error:#} ({hint})"),
        None => error,
    }
}

/// Why a provider does not compute, with the way to get it where it is missing.
pub(crate) fn explanation(refusal: &ProviderRefusal) -> String {
    let missing = is_missing(&refusal.reason).then_some(refusal.provider);
    match missing.and_then(for_provider) {
        Some(hint) => format!("{} ({hint})", refusal.explanation()),
        None => refusal.explanation(),
    }
}

/// Where a checkout gets what the provider needs; `None` for the processor.
pub(crate) fn for_provider(provider: Provider) -> Option<&'static str> {
    match provider {
        Provider::OpenVino => Some("in a checkout: `cargo xtask setup --openvino`"),
        Provider::Cuda | Provider::TensorRt => Some("in a checkout: `cargo xtask setup --cuda`"),
        _ => None,
    }
}

fn is_missing(reason: &RefusalReason) -> bool {
    matches!(
        reason,
        RefusalReason::NotInLibrary { .. } | RefusalReason::Start { .. }
    )
}
