//! Opening a network under the first provider that takes all of it.

use ort::session::Session;
use ort::session::builder::SessionBuilder;

use super::execution_provider::{ExecutionProvider, Kind, NetworkTask, Opening, Registration};
use super::precision::Precision;
use super::provider::Provider;
use super::provider_options::{ProviderChoice, ProviderOptions};
use super::refusal::ProviderRefusal;
use super::refusal_reason::RefusalReason;
use crate::bundle::NetworkFile;
use crate::cores::{CoreAffinity, Helpers};
use crate::network::error::{Cause, NetworkError};
use crate::network::failure::Failure;
use crate::network::onnx_runtime::OnnxRuntime;
use crate::network::opening::{self, OpeningWatch};
use crate::network::ort_session;
use crate::network::warnings::Warnings;

/// ONNX Runtime's message for operations that were left to the processor contains these words.
const LEFT_TO_CPU: &str = "fallback to CPU EP has been explicitly disabled";

/// What is opened, and how.
#[derive(Debug, Clone, Copy)]
pub(in crate::network) struct Request<'a> {
    pub(in crate::network) runtime: &'a OnnxRuntime,
    pub(in crate::network) network: &'a NetworkFile,
    pub(in crate::network) threads: usize,
    pub(in crate::network) core_affinity: CoreAffinity,
    pub(in crate::network) input_shape: [usize; 3],
    pub(in crate::network) provider: &'a ProviderOptions,
}

/// A session, and which provider computes it.
#[derive(Debug)]
pub(in crate::network) struct Opened {
    pub(in crate::network) session: Session,
    pub(in crate::network) warnings: Warnings,
    /// ONNX Runtime's threads beside the calling one.
    pub(in crate::network) helpers: Helpers,
    pub(in crate::network) selected: SelectedProvider,
}

/// The provider that computes a network.
#[derive(Debug)]
pub(in crate::network) struct SelectedProvider {
    pub(in crate::network) provider: Provider,
    pub(in crate::network) device: Option<String>,
    pub(in crate::network) precision: Precision,
    /// Why the providers that were asked before do not compute it.
    pub(in crate::network) refusals: Vec<ProviderRefusal>,
}

/// One attempt to open the network.
struct Attempt<'a> {
    request: &'a Request<'a>,
    provider: Provider,
    entry: &'static ExecutionProvider,
    warnings: Warnings,
    helpers: Helpers,
}

impl Request<'_> {
    pub(in crate::network) fn open(
        &self,
        mut watch: Option<&mut OpeningWatch<'_>>,
    ) -> Result<Opened, NetworkError> {
        self.check_device()?;
        let mut refusals = Vec::new();
        for provider in self.candidates() {
            let attempt = self.attempt(provider);
            match attempt.open(watch.as_deref_mut())? {
                Ok(session) => return Ok(attempt.opened(session, refusals)),
                Err(reason) => refusals.push(ProviderRefusal { provider, reason }),
            }
        }
        Err(refusals.pop().map_or(NetworkError::NoProvider, Into::into))
    }

    fn candidates(&self) -> Vec<Provider> {
        let mut candidates = self.provider.choice.candidates();
        let fallback = Provider::default();
        if self.provider.allow_fallback && !candidates.contains(&fallback) {
            candidates.push(fallback);
        }
        candidates
    }

    /// The processor has no devices to choose from, and `auto` chooses itself.
    fn check_device(&self) -> Result<(), NetworkError> {
        let has_devices = match self.provider.choice {
            ProviderChoice::Auto => false,
            ProviderChoice::Only(provider) => provider.entry().plugin().is_some(),
        };
        match &self.provider.device {
            Some(device) if !has_devices => Err(NetworkError::Device {
                device: device.clone(),
            }),
            _ => Ok(()),
        }
    }

    fn attempt(&self, provider: Provider) -> Attempt<'_> {
        Attempt {
            request: self,
            provider,
            entry: provider.entry(),
            warnings: Warnings::default(),
            helpers: Helpers::new(self.core_affinity),
        }
    }
}

impl Attempt<'_> {
    /// The outer error ends the search for a provider, the inner one does not.
    fn open(
        &self,
        watch: Option<&mut OpeningWatch<'_>>,
    ) -> Result<Result<Session, RefusalReason>, NetworkError> {
        let (settings, open) = match self.registered() {
            Ok(Registered::BuiltIn(open)) => (None, open),
            Ok(Registered::Plugin(Registration { settings, open })) => (Some(settings), open),
            Err(reason) => return Ok(Err(reason)),
        };
        // Errors of other sessions until now are dropped.
        let _earlier = self.request.runtime.errors.take();
        let is_built_in = settings.is_none();
        let build = || match settings {
            None => self.builder(self.request.threads),
            // The provider has threads of its own.
            Some(settings) => Ok(self
                .builder(1)?
                .with_disable_cpu_fallback()?
                .with_execution_providers([settings.error_on_failure()])?),
        };
        match opening::open(build, open, watch)? {
            Ok(session) => Ok(Ok(session)),
            Err(failure) if is_built_in => Err(fatal(failure)),
            Err(failure) => self.refusal(failure).map(Err),
        }
    }

    fn builder(&self, threads: usize) -> ort::Result<SessionBuilder> {
        let Self {
            request,
            warnings,
            helpers,
            ..
        } = self;
        ort_session::builder(request.runtime, threads, warnings, helpers)
    }

    fn registered(&self) -> Result<Registered<'_>, RefusalReason> {
        let runtime = self.request.runtime;
        if !self.entry.is_in_loaded_library() {
            return Err(RefusalReason::NotInLibrary {
                library: runtime.path().to_owned(),
                needs: self.entry.needs,
            });
        }
        match &self.entry.kind {
            Kind::BuiltIn { open } => Ok(Registered::BuiltIn(open(self.task()))),
            Kind::Plugin(_) if !runtime.home.is_current() => Err(RefusalReason::Forked),
            Kind::Plugin(plugin) => {
                let device = self.request.provider.device.as_deref();
                let device = device.unwrap_or(plugin.default_device);
                (plugin.register)(self.task(), device).map(Registered::Plugin)
            }
        }
    }

    fn task(&self) -> NetworkTask<'_> {
        let request = self.request;
        NetworkTask {
            network: request.network,
            input_shape: request.input_shape,
            threads: request.threads,
            reduced: request.provider.allow_reduced_precision,
            cache_folder: request.provider.cache_folder.as_deref(),
            library: request.runtime.path(),
            library_file: request.runtime.file.as_ref(),
            warnings: &self.warnings,
        }
    }

    fn opened(self, session: Session, refusals: Vec<ProviderRefusal>) -> Opened {
        let options = self.request.provider;
        let device = self.entry.plugin().map(|plugin| {
            let asked = options.device.clone();
            asked.unwrap_or_else(|| plugin.default_device.to_owned())
        });
        Opened {
            session,
            warnings: self.warnings,
            helpers: self.helpers,
            selected: SelectedProvider {
                provider: self.provider,
                device,
                precision: self.entry.precision(options.allow_reduced_precision),
                refusals,
            },
        }
    }

    /// The reason of a plugin that has failed. A failure that no other provider would change is
    /// an error.
    fn refusal(&self, failure: Failure) -> Result<RefusalReason, NetworkError> {
        match failure {
            Failure::Read(_) | Failure::Stopped => Err(fatal(failure)),
            Failure::Cache(error) => Ok(error.into()),
            Failure::Start(error) => Ok(RefusalReason::Start {
                needs: self.entry.needs,
                source: self.cause(&error),
            }),
            Failure::Open(error) if error.message().contains(LEFT_TO_CPU) => {
                Ok(RefusalReason::Partial)
            }
            Failure::Open(error) => Ok(RefusalReason::Open(self.cause(&error))),
        }
    }

    /// The error, with everything that ONNX Runtime has reported during the attempt.
    fn cause(&self, error: &ort::Error) -> Cause {
        let mut lines = vec![error.message().trim().to_owned()];
        for message in self.request.runtime.errors.take() {
            if !lines.iter().any(|line| line.contains(&message)) {
                lines.push(message);
            }
        }
        lines.join("; ").into()
    }
}

/// A provider that is ready to open the network.
enum Registered<'a> {
    BuiltIn(Opening<'a>),
    Plugin(Registration<'a>),
}

/// The failure of ONNX Runtime's own code, or one that every provider would have.
fn fatal(failure: Failure) -> NetworkError {
    match failure {
        Failure::Read(error) => error.into(),
        Failure::Stopped => NetworkError::OpeningStopped,
        Failure::Cache(error) => NetworkError::Open(error.into()),
        Failure::Start(error) | Failure::Open(error) => NetworkError::Open(error.into()),
    }
}
