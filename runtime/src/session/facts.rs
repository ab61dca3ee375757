//! What a session is.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use super::SessionWarning;
use crate::calibration::DecisionRule;
use crate::inspector::{HeadPlacement, Inspector};
use crate::network::{OnnxRuntime, Precision, Provider, ProviderRefusal};

/// What computes in a session, and what is to be known of its calls so far. It serialises to
/// one JSON object, whose keys are the names of the fields.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SessionFacts {
    /// The provider that computes all of the network.
    #[serde(serialize_with = "as_text")]
    pub provider: Provider,
    /// The provider's device; `None` for the processor.
    pub device: Option<String>,
    /// In how many bits the network is computed.
    #[serde(serialize_with = "as_text")]
    pub precision: Precision,
    /// Where the head is computed.
    #[serde(serialize_with = "as_text")]
    pub head: HeadPlacement,
    /// The providers that were asked before the one that computes.
    pub refused: Vec<RefusedProvider>,
    /// Threads of the network, and as many of the head.
    pub threads: usize,
    /// The ONNX Runtime in use; `None` where a fake computes the network in tests.
    pub onnxruntime: Option<LibraryFacts>,
    /// SHA-256 of the bundle file, in lower-case hexadecimal.
    pub bundle_sha256: String,
    /// The thresholds that pictures are judged by.
    pub decision_rule: Option<DecisionRule>,
    /// How many scores of good parts the bundle holds.
    pub good_scores: usize,
    /// Warnings so far, the oldest first; their number is bounded.
    pub warnings: Vec<SessionWarning>,
    /// What is wrong with the file of the picture inspected last; `None` if nothing is.
    pub damage: Option<String>,
}

/// A provider that was asked and does not compute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RefusedProvider {
    /// Its name.
    #[serde(serialize_with = "as_text")]
    pub provider: Provider,
    /// Why it does not compute, and what to do, in one line.
    pub reason: String,
}

/// The ONNX Runtime in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LibraryFacts {
    /// Major and minor version, such as `1.31`; `None` when the library does not tell.
    pub version: Option<String>,
    /// The file that it was loaded from.
    #[serde(serialize_with = "as_path")]
    pub path: PathBuf,
}

impl SessionFacts {
    pub(super) fn new(inspector: &Inspector) -> Self {
        Self {
            provider: inspector.provider(),
            device: inspector.device().map(str::to_owned),
            precision: inspector.precision(),
            head: inspector.head(),
            refused: inspector
                .refusals()
                .iter()
                .map(RefusedProvider::from)
                .collect(),
            threads: inspector.threads(),
            onnxruntime: inspector.library().map(LibraryFacts::from),
            bundle_sha256: inspector.digest_hex().to_owned(),
            decision_rule: inspector.rule(),
            good_scores: inspector.manifest().calibration.good_scores.len(),
            warnings: Vec::new(),
            damage: None,
        }
    }
}

impl From<&ProviderRefusal> for RefusedProvider {
    fn from(refusal: &ProviderRefusal) -> Self {
        Self {
            provider: refusal.provider,
            reason: refusal.explanation(),
        }
    }
}

impl From<&OnnxRuntime> for LibraryFacts {
    fn from(runtime: &OnnxRuntime) -> Self {
        Self {
            version: runtime.version().map(str::to_owned),
            path: runtime.path().to_owned(),
        }
    }
}

fn as_text<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// A path that is not UTF-8 is no reason to have no facts at all.
fn as_path<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}
