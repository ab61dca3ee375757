//! A description of this build.

use std::sync::LazyLock;

use cfa_runtime::Provider;
use cfa_runtime::network::MINIMUM_MINOR_VERSION;
use cfa_runtime::picture::Limits;
use serde_json::json;

use crate::types::{CFA_ABI_MAJOR, CFA_ABI_MINOR};

/// JSON with a final NUL.
static JSON: LazyLock<String> = LazyLock::new(|| {
    let limits = Limits::default();
    let info = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "abi": format!("{CFA_ABI_MAJOR}.{CFA_ABI_MINOR}"),
        "commit": env!("CFA_COMMIT"),
        "target": env!("CFA_TARGET"),
        "rustc": env!("CFA_RUSTC"),
        "debug": cfg!(debug_assertions),
        "test_build": cfg!(any(feature = "fault-injection", feature = "fake-network")),
        "onnxruntime_minimum": format!("1.{MINIMUM_MINOR_VERSION}"),
        "providers": Provider::ALL.map(Provider::name),
        "limits": {
            "max_encoded_bytes": limits.encoded_bytes(),
            "max_side_px": limits.max_side_px,
            "max_pixels": limits.max_pixels,
            "min_side_px": limits.min_side_px,
        },
    });
    format!("{info}\0")
});

/// The JSON text, ended by a NUL, for as long as the process lives.
pub(crate) fn json() -> &'static str {
    &JSON
}
