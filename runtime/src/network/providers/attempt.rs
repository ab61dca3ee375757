//! Opening a network under one provider.

use ort::session::Session;
use ort::session::builder::SessionBuilder;

use super::execution_provider::{ExecutionProvider, Kind, NetworkTask, Opening, Registration};
use super::refusal::ProviderRefusal;
use super::request::{Opened, Request, SelectedProvider};
use crate::cores::Helpers;
use crate::network::cause::Cause;
use crate::network::error::NetworkError;
use crate::network::failure::Failure;
use crate::network::opening::{self, OpeningWatch};
use crate::network::ort_session;
use crate::network::provider::Provider;
use crate::network::refusal_reason::RefusalReason;
use crate::network::warnings::Warnings;

/// ONNX Runtime's message for operations that were left to the processor contains these words.
const LEFT_TO_CPU: &str = "fallback to CPU EP has been explicitly disabled";

/// One attempt to open the network.
pub(super) struct Attempt<'a> {
    request: &'a Request<'a>,
    provider: Provider,
    entry: &'static ExecutionProvider,
    warnings: Warnings,
    helpers: Helpers,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(request: &'a Request<'a>, provider: Provider) -> Self {
        Self {
            request,
            provider,
            entry: provider.entry(),
            warnings: Warnings::default(),
            helpers: Helpers::new(request.core_affinity),
        }
    }

    /// The outer error ends the search for a provider, the inner one does not.
    pub(super) fn open(
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
            core_affinity: request.core_affinity,
            reduced: request.provider.allow_reduced_precision,
            cache_folder: request.provider.cache_folder.as_deref(),
            library: request.runtime.path(),
            library_file: request.runtime.file.as_ref(),
            warnings: &self.warnings,
        }
    }

    pub(super) fn opened(self, session: Session, refusals: Vec<ProviderRefusal>) -> Opened {
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
