//! What each provider brings along, in one value in a file of its own.

use std::path::Path;

use ort::ep::ExecutionProviderDispatch;
use ort::session::Session;
use ort::session::builder::SessionBuilder;

use super::precision::Precision;
use crate::cancellation::Cancellation;
use crate::container::NetworkFile;
use crate::cores::CoreAffinity;
use crate::network::failure::Failure;
use crate::network::loaded_files::LoadedFile;
use crate::network::refusal_reason::RefusalReason;
use crate::network::warnings::Warnings;

/// The most pictures in one run. A provider that compiles the network does so for all batches
/// up to this size.
pub const LARGEST_BATCH: usize = 16;

/// An execution provider: its facts, and how it is registered with a session.
pub(super) struct ExecutionProvider {
    /// What a machine needs for it.
    pub(super) needs: &'static str,
    /// Whether `auto` asks it.
    pub(super) is_asked_by_auto: bool,
    /// Whether the first opening of a network takes minutes.
    pub(super) compiles: bool,
    /// How it computes by default.
    pub(super) precision: Precision,
    /// How it computes where reduced precision is allowed.
    pub(super) reduced_precision: Precision,
    /// Whether the loaded ONNX Runtime was built with it, which does not depend on the machine.
    pub(super) is_in_library: fn() -> ort::Result<bool>,
    /// What tells the processor from the others.
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    /// ONNX Runtime's own code. It is in every library, has no devices to choose from, and
    /// has threads that ONNX Runtime starts.
    BuiltIn {
        open: for<'a> fn(NetworkTask<'a>) -> Opening<'a>,
    },
    /// Code that ONNX Runtime loads for some devices, with threads of its own.
    Plugin(Plugin),
}

pub(super) struct Plugin {
    /// The folder of an ONNX Runtime that was built with it.
    pub(super) library_folder: &'static str,
    pub(super) default_device: &'static str,
    /// Whether the machine seems to have what it needs, at a glance.
    pub(super) seems_usable: fn() -> bool,
    pub(super) register:
        for<'a> fn(NetworkTask<'a>, device: &'a str) -> Result<Registration<'a>, RefusalReason>,
}

/// A network that a provider is asked to compute.
#[derive(Debug, Clone, Copy)]
pub(super) struct NetworkTask<'a> {
    pub(super) network: &'a NetworkFile,
    /// Channels, height and width.
    pub(super) input_shape: [usize; 3],
    pub(super) threads: usize,
    pub(super) core_affinity: CoreAffinity,
    /// Whether the provider may compute in fewer bits than `f32` has.
    pub(super) reduced: bool,
    /// Where prepared networks are kept; `None` keeps nothing.
    pub(super) cache_folder: Option<&'a Path>,
    /// The path of ONNX Runtime.
    pub(super) library: &'a Path,
    /// The file that ONNX Runtime was loaded from, where the system reports it.
    pub(super) library_file: Option<&'a LoadedFile>,
    pub(super) warnings: &'a Warnings,
}

/// How a provider is registered with a session, and how it opens the network.
pub(super) struct Registration<'a> {
    pub(super) settings: ExecutionProviderDispatch,
    pub(super) open: Opening<'a>,
}

/// Opens the network with a builder under which the provider is registered.
pub(super) type Opening<'a> =
    Box<dyn FnOnce(&mut SessionBuilder, &Cancellation) -> Result<Session, Failure> + Send + 'a>;

impl ExecutionProvider {
    pub(super) fn plugin(&self) -> Option<&Plugin> {
        match &self.kind {
            Kind::BuiltIn { .. } => None,
            Kind::Plugin(plugin) => Some(plugin),
        }
    }

    /// Whether the loaded ONNX Runtime was built with it. A library that does not answer has no
    /// providers.
    pub(super) fn is_in_loaded_library(&self) -> bool {
        (self.is_in_library)().unwrap_or(false)
    }

    pub(super) fn precision(&self, reduced: bool) -> Precision {
        if reduced {
            self.reduced_precision
        } else {
            self.precision
        }
    }
}

impl NetworkTask<'_> {
    /// Opens the network as it is.
    pub(super) fn open(&self, builder: &mut SessionBuilder) -> Result<Session, Failure> {
        let onnx = self.network.bytes().map_err(Failure::Read)?;
        builder.commit_from_memory(&onnx).map_err(Failure::Open)
    }
}
