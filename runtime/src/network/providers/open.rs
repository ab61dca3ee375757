//! Opening a network under the first provider that takes all of it.

use std::path::Path;

use ort::ep::{self, ExecutionProvider, ExecutionProviderDispatch};
use ort::session::Session;
use ort::session::builder::SessionBuilder;

use super::super::opening::{self, Failure};
use super::super::ort_session::builder;
use super::super::store::CacheFolderError;
use super::super::warnings::Warnings;
use super::super::{Cause, NetworkError, OnnxRuntime, OpeningWatch};
use super::cpu::graph_key;
use super::cpu::optimised::{NotKept, OptimisedNetwork};
use super::tensorrt::engine_folder::EngineFolder;
use super::tensorrt::{Engine, engine_key};
use super::{
    Precision, Provider, ProviderChoice, ProviderOptions, ProviderRefusal, RefusalReason, cuda,
    openvino,
};
use crate::bundle::NetworkFile;
use crate::cancellation::Cancellation;
use crate::cores::{CoreAffinity, Helpers};

/// In ONNX Runtime's words for operations that were left to the processor.
const LEFT_TO_CPU: &str = "fallback to CPU EP has been explicitly disabled";

/// What is to be opened, and how.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Request<'a> {
    pub(in super::super) runtime: &'a OnnxRuntime,
    pub(in super::super) network: &'a NetworkFile,
    pub(in super::super) threads: usize,
    pub(in super::super) core_affinity: CoreAffinity,
    pub(in super::super) input_shape: [usize; 3],
    pub(in super::super) provider: &'a ProviderOptions,
}

/// A session, and who computes it.
#[derive(Debug)]
pub(in super::super) struct Opened {
    pub(in super::super) session: Session,
    pub(in super::super) warnings: Warnings,
    /// ONNX Runtime's threads beside the calling one.
    pub(in super::super) helpers: Helpers,
    pub(in super::super) provider: Provider,
    pub(in super::super) device: Option<String>,
    pub(in super::super) precision: Precision,
    /// Of those asked before.
    pub(in super::super) refusals: Vec<ProviderRefusal>,
}

/// How a provider is to compute.
struct Registration {
    settings: ExecutionProviderDispatch,
    /// Where what it compiles is kept.
    engines: Option<EngineFolder>,
}

impl Request<'_> {
    pub(in super::super) fn open(
        &self,
        mut watch: Option<&mut OpeningWatch<'_>>,
    ) -> Result<Opened, NetworkError> {
        self.check_device()?;
        let mut refusals = Vec::new();
        for provider in self.candidates() {
            let warnings = Warnings::default();
            let helpers = Helpers::new(self.core_affinity);
            match self.attempt(provider, &warnings, &helpers, watch.as_deref_mut())? {
                Ok(session) => {
                    return Ok(Opened {
                        session,
                        warnings,
                        helpers,
                        provider,
                        device: self.device_of(provider).map(str::to_owned),
                        precision: Precision::of(provider, self.provider.allow_reduced_precision),
                        refusals,
                    });
                }
                Err(reason) => refusals.push(ProviderRefusal { provider, reason }),
            }
        }
        Err(refusals.pop().map_or(NetworkError::NoProvider, Into::into))
    }

    fn candidates(&self) -> Vec<Provider> {
        let mut candidates = self.provider.choice.candidates();
        if self.provider.allow_fallback && !candidates.contains(&Provider::Cpu) {
            candidates.push(Provider::Cpu);
        }
        candidates
    }

    /// The processor has no devices to choose from, and `auto` chooses itself.
    fn check_device(&self) -> Result<(), NetworkError> {
        match (self.provider.choice, &self.provider.device) {
            (ProviderChoice::Auto | ProviderChoice::Only(Provider::Cpu), Some(device)) => {
                Err(NetworkError::Device {
                    device: device.clone(),
                })
            }
            _ => Ok(()),
        }
    }

    fn device_of(&self, provider: Provider) -> Option<&str> {
        let default = match provider {
            Provider::Cpu => return None,
            Provider::OpenVino => openvino::DEFAULT_DEVICE,
            Provider::Cuda | Provider::TensorRt => cuda::DEFAULT_DEVICE,
        };
        Some(self.provider.device.as_deref().unwrap_or(default))
    }

    fn attempt(
        &self,
        provider: Provider,
        warnings: &Warnings,
        helpers: &Helpers,
        watch: Option<&mut OpeningWatch<'_>>,
    ) -> Result<Result<Session, RefusalReason>, NetworkError> {
        let registration = match self.registration(provider, warnings) {
            Ok(registration) => registration,
            Err(reason) => return Ok(Err(reason)),
        };
        let _of_others = self.runtime.errors.take();
        let build = || self.builder(registration.as_ref(), warnings, helpers);
        let engines = registration.as_ref().and_then(|one| one.engines.as_ref());
        let commit = |builder: &mut SessionBuilder, asked: &Cancellation| match (provider, engines)
        {
            (Provider::Cpu, _) => self.open_kept(builder, warnings),
            (_, None) => self.open_read(builder),
            (_, Some(folder)) => {
                folder.open(asked, warnings, || self.open_read(&mut builder.clone()))
            }
        };
        let failure = match opening::open(build, commit, watch)? {
            Ok(session) => return Ok(Ok(session)),
            Err(failure) => failure,
        };
        match (provider, failure) {
            // The network itself is at fault, and no other provider would help.
            (_, Failure::Read(error)) => Err(error.into()),
            (_, Failure::Stopped) => Err(NetworkError::OpeningStopped),
            (_, Failure::Cache(error)) => Ok(Err(error.into())),
            (Provider::Cpu, Failure::Start(error) | Failure::Open(error)) => {
                Err(NetworkError::Open(error.into()))
            }
            (_, Failure::Start(error)) => Ok(Err(RefusalReason::Start {
                provider,
                source: self.cause(&error),
            })),
            (_, Failure::Open(error)) if error.message().contains(LEFT_TO_CPU) => {
                Ok(Err(RefusalReason::Partial))
            }
            (_, Failure::Open(error)) => Ok(Err(RefusalReason::Open(self.cause(&error)))),
        }
    }

    /// From the cache where there is one. That is a matter of time and memory alone, so what is
    /// wrong with it is only told.
    fn open_kept(
        &self,
        builder: &mut SessionBuilder,
        warnings: &Warnings,
    ) -> Result<Session, Failure> {
        let Some(cache_folder) = &self.provider.cache_folder else {
            return self.open_read(builder);
        };
        self.optimised(cache_folder)
            .and_then(|kept| kept.open(self.network, builder, warnings))
            .or_else(|problem| {
                let session = self.open_read(builder)?;
                warnings.extend([format!(
                    "the optimised network is not kept for the next start: {problem}"
                )]);
                Ok(session)
            })
    }

    fn optimised(&self, cache_folder: &Path) -> Result<OptimisedNetwork, NotKept> {
        let library = self.runtime.file.as_ref().ok_or(NotKept::Library)?;
        let key = graph_key::of(&self.network.sha256_hex(), &library.identity);
        OptimisedNetwork::in_cache(cache_folder, &key)
    }

    fn open_read(&self, builder: &mut SessionBuilder) -> Result<Session, Failure> {
        let onnx = self.network.bytes().map_err(Failure::Read)?;
        builder.commit_from_memory(&onnx).map_err(Failure::Open)
    }

    /// The error with what ONNX Runtime said meanwhile.
    fn cause(&self, error: &ort::Error) -> Cause {
        let mut lines = vec![error.message().trim().to_owned()];
        for said in self.runtime.errors.take() {
            if !lines.iter().any(|line| line.contains(&said)) {
                lines.push(said);
            }
        }
        lines.join("; ").into()
    }

    /// How the provider is to compute; nothing for the processor.
    fn registration(
        &self,
        provider: Provider,
        warnings: &Warnings,
    ) -> Result<Option<Registration>, RefusalReason> {
        if !in_library(provider) {
            return Err(RefusalReason::NotInLibrary {
                library: self.runtime.path().to_owned(),
                provider,
            });
        }
        if provider != Provider::Cpu && !self.runtime.home.is_current() {
            return Err(RefusalReason::Forked);
        }
        let reduced = self.provider.allow_reduced_precision;
        let device = self.device_of(provider).unwrap_or_default();
        let mut engines = None;
        let settings = match provider {
            Provider::Cpu => return Ok(None),
            Provider::OpenVino => openvino::settings(device, self.threads, reduced),
            Provider::Cuda => {
                cuda::load_libraries(self.runtime.path());
                cuda::settings(device, reduced)
            }
            Provider::TensorRt => {
                cuda::load_tensorrt(self.runtime.path());
                let network_sha256_hex = self.network.sha256_hex();
                let engine = self.engine(device, &network_sha256_hex);
                engines = self.engine_folder(&engine, warnings)?;
                engine.settings(engines.as_ref())
            }
        };
        Ok(Some(Registration {
            settings: settings?.error_on_failure(),
            engines,
        }))
    }

    /// None where nothing is to be kept, or nothing can be.
    fn engine_folder(
        &self,
        engine: &Engine<'_>,
        warnings: &Warnings,
    ) -> Result<Option<EngineFolder>, CacheFolderError> {
        let Some(cache_folder) = &self.provider.cache_folder else {
            return Ok(None);
        };
        let Some(library) = &self.runtime.file else {
            warnings.extend([format!(
                "the compiled network is not kept for the next start: {}",
                NotKept::Library
            )]);
            return Ok(None);
        };
        EngineFolder::in_cache(cache_folder, &engine_key::of(engine, library)).map(Some)
    }

    fn engine<'b>(&'b self, device: &'b str, network_sha256_hex: &'b str) -> Engine<'b> {
        Engine {
            device,
            reduced: self.provider.allow_reduced_precision,
            network_sha256_hex,
            input_shape: self.input_shape,
        }
    }

    fn builder(
        &self,
        registration: Option<&Registration>,
        warnings: &Warnings,
        helpers: &Helpers,
    ) -> ort::Result<SessionBuilder> {
        let Some(registration) = registration else {
            return builder(self.runtime, self.threads, warnings, helpers);
        };
        // The provider has threads of its own.
        let builder = builder(self.runtime, 1, warnings, helpers)?
            .with_disable_cpu_fallback()?
            .with_execution_providers([registration.settings.clone()])?;
        Ok(builder)
    }
}

/// Whether the loaded ONNX Runtime was built with the provider, which says nothing of the
/// machine.
pub(super) fn in_library(provider: Provider) -> bool {
    let found = match provider {
        Provider::Cpu => ep::CPU::is_available(),
        Provider::OpenVino => ep::OpenVINO::is_available(),
        Provider::Cuda => ep::CUDA::is_available(),
        Provider::TensorRt => ep::TensorRT::is_available(),
    };
    found.unwrap_or(false)
}
