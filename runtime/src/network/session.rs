//! One network, ready to run.

use ndarray::{Array4, ArrayRef4};
use ort::logging::LogLevel;
use ort::session::builder::{AutoDevicePolicy, GraphOptimizationLevel, SessionBuilder};
use ort::session::{RunOptions, Session};
use ort::value::{Outlet, TensorElementType, TensorRef};

use super::providers::{Opened, Request};
use super::warnings::Warnings;
use super::{
    NetworkError, OnnxRuntime, OpeningWatch, Precision, Provider, ProviderOptions, ProviderRefusal,
    threads,
};
use crate::cancellation::Cancellation;

const INPUT: &str = "input";
const OUTPUT: &str = "features";

/// How a network is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkOptions {
    /// Threads for one operation of the network, at least 1.
    pub threads: usize,
    /// Who is to compute.
    pub provider: ProviderOptions,
    /// Channels, height and width of the input.
    pub input_shape: [usize; 3],
    /// Channels, height and width of the features.
    pub feature_shape: [usize; 3],
}

/// A network opened by ONNX Runtime: normalised picture in, descriptors out.
#[derive(Debug)]
pub struct Network {
    session: Session,
    options: NetworkOptions,
    warnings: Warnings,
    computed_by: ComputedBy,
}

/// Who computes a network.
#[derive(Debug)]
struct ComputedBy {
    provider: Provider,
    device: Option<String>,
    precision: Precision,
    refusals: Vec<ProviderRefusal>,
}

impl Network {
    /// Opens an ONNX file held in memory, with all graph optimisations.
    ///
    /// It must have one input, `input` (`N × 3 × H × W`), and one output,
    /// `features` (`N × D × h × w`), both `f32`, of the sizes in `options`.
    pub fn new(
        runtime: &OnnxRuntime,
        onnx: &[u8],
        options: &NetworkOptions,
    ) -> Result<Self, NetworkError> {
        Self::opened(runtime, onnx, options, None)
    }

    /// The same with a watch, because opening may take minutes where a provider
    /// compiles the network: `watch` is called at once and then several times a
    /// second, on the calling thread, with the time since the start. When it
    /// answers `Break`, the opening ends with [`NetworkError::OpeningStopped`], as soon
    /// as the provider comes to a point where it can.
    pub fn new_watched(
        runtime: &OnnxRuntime,
        onnx: &[u8],
        options: &NetworkOptions,
        watch: &mut OpeningWatch<'_>,
    ) -> Result<Self, NetworkError> {
        Self::opened(runtime, onnx, options, Some(watch))
    }

    fn opened(
        runtime: &OnnxRuntime,
        onnx: &[u8],
        options: &NetworkOptions,
        watch: Option<&mut OpeningWatch<'_>>,
    ) -> Result<Self, NetworkError> {
        threads::check_available(options.threads)?;
        let request = Request {
            runtime,
            onnx,
            threads: options.threads,
            input_shape: options.input_shape,
            provider: &options.provider,
        };
        Self::checked(request.open(watch)?, options)
    }

    fn checked(opened: Opened, options: &NetworkOptions) -> Result<Self, NetworkError> {
        let session = opened.session;
        check_outlet("input", session.inputs(), INPUT, options.input_shape)?;
        check_outlet("output", session.outputs(), OUTPUT, options.feature_shape)?;
        Ok(Self {
            session,
            options: options.clone(),
            warnings: opened.warnings,
            computed_by: ComputedBy {
                provider: opened.provider,
                device: opened.device,
                precision: opened.precision,
                refusals: opened.refusals,
            },
        })
    }

    /// Who computes: all of the network, whoever was asked for.
    #[must_use]
    pub fn provider(&self) -> Provider {
        self.computed_by.provider
    }

    /// Which device of the provider; `None` for the processor.
    #[must_use]
    pub fn device(&self) -> Option<&str> {
        self.computed_by.device.as_deref()
    }

    /// In how many bits it computes.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.computed_by.precision
    }

    /// Those that were asked before the one that computes, and why they do not.
    #[must_use]
    pub fn refusals(&self) -> &[ProviderRefusal] {
        &self.computed_by.refusals
    }

    /// What ONNX Runtime has warned of while opening or running this network,
    /// since the last call. A network that cfa-train wrote causes none.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<String> {
        self.warnings.take()
    }

    /// Descriptors `N × D × h × w` of normalised pictures `N × 3 × H × W`
    /// (row-major). Values are passed on as they are, NaN included.
    pub fn run(&mut self, input: &ArrayRef4<f32>) -> Result<Array4<f32>, NetworkError> {
        let run = RunOptions::new().map_err(|error| NetworkError::Run(error.into()))?;
        self.run_with(input, &run)
    }

    /// The same; fails at the next operation once `cancellation` asks for the end.
    pub fn run_cancellable(
        &mut self,
        input: &ArrayRef4<f32>,
        cancellation: &Cancellation,
    ) -> Result<Array4<f32>, NetworkError> {
        self.run_with(input, cancellation.run_options())
    }

    fn run_with(
        &mut self,
        input: &ArrayRef4<f32>,
        run: &RunOptions,
    ) -> Result<Array4<f32>, NetworkError> {
        let pictures = input.dim().0;
        let expected = shape_of_batch(pictures, self.options.feature_shape);
        let (shape, values) = self
            .run_session(input, run)
            .map_err(|error| NetworkError::Run(error.into()))?;
        Array4::from_shape_vec(expected, values).map_err(|_shape| NetworkError::Signature {
            outlet: "output",
            found: format!("{OUTPUT} {shape:?}"),
            expected: format!("{OUTPUT} {expected:?}"),
        })
    }

    fn run_session(
        &mut self,
        input: &ArrayRef4<f32>,
        run: &RunOptions,
    ) -> ort::Result<(Vec<i64>, Vec<f32>)> {
        let rows = input.as_standard_layout();
        let tensor =
            TensorRef::from_array_view((rows.shape(), rows.as_slice().unwrap_or_default()))?;
        let outputs = self
            .session
            .run_with_options(ort::inputs![INPUT => tensor], run)?;
        let features = outputs
            .get(OUTPUT)
            .ok_or_else(|| ort::Error::new("no output `features`"))?;
        let (shape, values) = features.try_extract_tensor::<f32>()?;
        Ok((shape.to_vec(), values.to_vec()))
    }
}

pub(super) fn builder(
    runtime: &OnnxRuntime,
    threads: usize,
    warnings: &Warnings,
) -> ort::Result<SessionBuilder> {
    let builder = Session::builder(&runtime.environment)?
        // Else ONNX Runtime may pick a provider that nobody asked for.
        .with_auto_device(AutoDevicePolicy::PreferCPU)?
        .with_logger(warnings.logger())?
        .with_log_level(LogLevel::Warning)?
        .with_optimization_level(GraphOptimizationLevel::All)?
        .with_intra_threads(threads)?
        // Waiting threads would take the cores that the head needs next.
        .with_intra_op_spinning(false)?;
    Ok(builder)
}

fn shape_of_batch(pictures: usize, [channels, height, width]: [usize; 3]) -> [usize; 4] {
    [pictures, channels, height, width]
}

/// Checks that there is one outlet with the right name, `f32`, and that every
/// dimension is the expected one or left open.
fn check_outlet(
    outlet: &'static str,
    found: &[Outlet],
    name: &str,
    [channels, height, width]: [usize; 3],
) -> Result<(), NetworkError> {
    let fits = |one: &Outlet| {
        let shape: &[i64] = one.dtype().tensor_shape().map_or(&[], |shape| shape);
        let expected = [channels, height, width].map(|side| side as i64);
        one.name() == name
            && one.dtype().tensor_type() == Some(TensorElementType::Float32)
            && shape.len() == 4
            && shape
                .iter()
                .skip(1)
                .zip(expected)
                .all(|(&side, wanted)| side < 0 || side == wanted)
    };
    if matches!(found, [one] if fits(one)) {
        return Ok(());
    }
    let described: Vec<String> = found
        .iter()
        .map(|one| format!("{}: {}", one.name(), one.dtype()))
        .collect();
    Err(NetworkError::Signature {
        outlet,
        found: described.join(", "),
        expected: format!("{name}: Tensor<f32>(N, {channels}, {height}, {width})"),
    })
}
