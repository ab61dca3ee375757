//! One network, ready to run.

use ndarray::ArrayRef4;

use super::compute::Compute;
use super::error::NetworkError;
use super::network_options::NetworkOptions;
use super::onnx_runtime::OnnxRuntime;
use super::opening::OpeningWatch;
use super::ort_session::OrtSession;
use super::outputs::NetworkOutputs;
use super::provider::Provider;
use super::providers::{Opened, Precision, ProviderRefusal, Request, SelectedProvider};
use super::threads;
use super::warnings::Warnings;
use crate::cancellation::Cancellation;
use crate::container::NetworkFile;

/// An opened network: normalised picture in, levels of descriptors out.
#[derive(Debug)]
pub struct Network {
    compute: Box<dyn Compute>,
    warnings: Warnings,
    selected: SelectedProvider,
}

impl Network {
    /// Opens an ONNX file held in memory, with all graph optimisations.
    ///
    /// The file must have one input, `input` (`N × 3 × H × W`), and the outputs of
    /// `options`, all `f32` and of the sizes given there.
    pub fn new(
        runtime: &OnnxRuntime,
        onnx: &[u8],
        options: &NetworkOptions,
    ) -> Result<Self, NetworkError> {
        Self::open(runtime, &onnx.to_vec().into(), options, None)
    }

    pub(crate) fn open(
        runtime: &OnnxRuntime,
        network: &NetworkFile,
        options: &NetworkOptions,
        watch: Option<&mut OpeningWatch<'_>>,
    ) -> Result<Self, NetworkError> {
        threads::check_available(options.threads)?;
        let request = Request {
            runtime,
            network,
            threads: options.threads,
            core_affinity: options.core_affinity,
            input_shape: options.input_shape,
            provider: &options.provider,
        };
        let Opened {
            session,
            helpers,
            warnings,
            selected,
        } = request.open(watch)?;
        let session = OrtSession::new(session, helpers, options)?;
        Ok(Self::computed_by(Box::new(session), warnings, selected))
    }

    pub(super) fn computed_by(
        compute: Box<dyn Compute>,
        warnings: Warnings,
        selected: SelectedProvider,
    ) -> Self {
        Self {
            compute,
            warnings,
            selected,
        }
    }

    /// The provider that computes all of the network. It may be another one than was asked for.
    #[must_use]
    pub fn provider(&self) -> Provider {
        self.selected.provider
    }

    /// Which device of the provider; `None` for the processor.
    #[must_use]
    pub fn device(&self) -> Option<&str> {
        self.selected.device.as_deref()
    }

    /// In how many bits it computes.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.selected.precision
    }

    /// The providers that were asked before the one that computes, and why they do not.
    #[must_use]
    pub fn refusals(&self) -> &[ProviderRefusal] {
        &self.selected.refusals
    }

    /// What ONNX Runtime has warned of while opening or running this network,
    /// since the last call. A network that cfa-train wrote causes none.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<String> {
        self.warnings.take()
    }

    /// The outputs for normalised pictures `N × 3 × H × W` (row-major). Values are passed on
    /// as they are, NaN included.
    pub fn run(&mut self, input: &ArrayRef4<f32>) -> Result<NetworkOutputs, NetworkError> {
        self.compute.compute(input, None)
    }

    /// Runs the network like [`run`](Self::run), and fails at the next operation once
    /// `cancellation` asks for the end.
    pub fn run_cancellable(
        &mut self,
        input: &ArrayRef4<f32>,
        cancellation: &Cancellation,
    ) -> Result<NetworkOutputs, NetworkError> {
        self.compute.compute(input, Some(cancellation))
    }
}
