//! One network, ready to run.

use std::sync::Arc;

use ndarray::ArrayRef4;
use ort::logging::LogLevel;
use ort::session::builder::{AutoDevicePolicy, GraphOptimizationLevel, SessionBuilder};
use ort::session::{RunOptions, Session, SessionOutputs};
use ort::value::{Outlet, TensorElementType, TensorRef};

use super::providers::{Opened, Request};
use super::warnings::Warnings;
use super::{
    NetworkError, NetworkOutputs, OnnxRuntime, OpeningWatch, Precision, Provider, ProviderOptions,
    ProviderRefusal,
    threads::{self, ThreadStarter},
};
use crate::bundle::{Manifest, NetworkFile, level_name};
use crate::cancellation::Cancellation;
use crate::cfa::head::LevelShape;
use crate::cores::{CoreAffinity, Helpers};
use crate::invariant::BrokenInvariant;
use crate::onnx::INPUT;
use crate::process::Threaded;

/// An output of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkOutput {
    /// Its name.
    pub name: String,
    /// Its shape without the batch.
    pub shape: [usize; 3],
}

impl NetworkOutput {
    /// The outputs of a bundle's network, the finest level first.
    #[must_use]
    pub fn levels(shapes: &[LevelShape]) -> Vec<Self> {
        let output = |(number, level): (usize, &LevelShape)| Self {
            name: level_name(number),
            shape: [level.height, level.width, level.channels],
        };
        shapes.iter().enumerate().map(output).collect()
    }
}

/// How a network is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkOptions {
    /// Threads for one operation of the network, at least 1.
    pub threads: usize,
    /// Who is to compute.
    pub provider: ProviderOptions,
    /// Whether affinities of the network's threads may be set.
    pub core_affinity: CoreAffinity,
    /// Channels, height and width of the input.
    pub input_shape: [usize; 3],
    /// All outputs, in order.
    pub outputs: Vec<NetworkOutput>,
}

impl NetworkOptions {
    /// Those of a bundle's network.
    #[must_use]
    pub fn of(manifest: &Manifest, provider: impl Into<ProviderOptions>, threads: usize) -> Self {
        let input = manifest.preprocessing.input_size();
        Self {
            threads,
            provider: provider.into(),
            core_affinity: CoreAffinity::default(),
            input_shape: [3, input.height, input.width],
            outputs: NetworkOutput::levels(&manifest.descriptor.levels),
        }
    }
}

/// A network opened by ONNX Runtime: normalised picture in, levels of descriptors out.
#[derive(Debug)]
pub struct Network {
    pub(super) computer: Computer,
    pub(super) helpers: Helpers,
    pub(super) options: NetworkOptions,
    pub(super) warnings: Warnings,
    pub(super) computed_by: ComputedBy,
}

/// With what a network is computed.
#[derive(Debug)]
pub(super) enum Computer {
    OnnxRuntime(Threaded<Session>),
    #[cfg(feature = "stand-in")]
    StandIn,
}

/// Who computes a network.
#[derive(Debug)]
pub(super) struct ComputedBy {
    pub(super) provider: Provider,
    pub(super) device: Option<String>,
    pub(super) precision: Precision,
    pub(super) refusals: Vec<ProviderRefusal>,
}

impl Network {
    /// Opens an ONNX file held in memory, with all graph optimisations.
    ///
    /// It must have one input, `input` (`N × 3 × H × W`), and the outputs of
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
        Self::checked(request.open(watch)?, options)
    }

    fn checked(opened: Opened, options: &NetworkOptions) -> Result<Self, NetworkError> {
        let session = opened.session;
        check_outlets("input", session.inputs(), &[(INPUT, options.input_shape)])?;
        let outputs: Vec<_> = options
            .outputs
            .iter()
            .map(|o| (o.name.as_str(), o.shape))
            .collect();
        check_outlets("output", session.outputs(), &outputs)?;
        Ok(Self {
            computer: Computer::OnnxRuntime(Threaded::new(session)),
            helpers: opened.helpers,
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

    /// The outputs for normalised pictures `N × 3 × H × W` (row-major). Values are passed on
    /// as they are, NaN included.
    pub fn run(&mut self, input: &ArrayRef4<f32>) -> Result<NetworkOutputs, NetworkError> {
        self.run_with(input, None)
    }

    /// The same; fails at the next operation once `cancellation` asks for the end.
    pub fn run_cancellable(
        &mut self,
        input: &ArrayRef4<f32>,
        cancellation: &Cancellation,
    ) -> Result<NetworkOutputs, NetworkError> {
        self.run_with(input, Some(cancellation))
    }

    fn run_with(
        &mut self,
        input: &ArrayRef4<f32>,
        cancellation: Option<&Cancellation>,
    ) -> Result<NetworkOutputs, NetworkError> {
        let (outputs, pictures) = (&self.options.outputs, input.dim().0);
        match &mut self.computer {
            Computer::OnnxRuntime(session) => {
                let session = session.here_mut()?;
                self.helpers.keep_off_this_core();
                let Some(cancellation) = cancellation else {
                    let given = run_session(session, input, None).map_err(failed)?;
                    return NetworkOutputs::new(given, outputs, pictures);
                };
                let run = Arc::new(RunOptions::new().map_err(failed)?);
                let running = Arc::clone(&run);
                let stop = move || {
                    // It fails for a null pointer only.
                    let _refused = running.terminate();
                };
                let given = cancellation
                    .stopping(stop, || run_session(session, input, Some(&run)))
                    .map_err(failed)?;
                NetworkOutputs::new(given, outputs, pictures)
            }
            #[cfg(feature = "stand-in")]
            Computer::StandIn => Ok(super::fake::outputs(outputs, input)),
        }
    }
}

fn failed(error: ort::Error) -> NetworkError {
    NetworkError::Run(error.into())
}

fn run_session<'s>(
    session: &'s mut Session,
    input: &ArrayRef4<f32>,
    run: Option<&'s RunOptions>,
) -> ort::Result<SessionOutputs<'s>> {
    let rows = input.as_standard_layout();
    let values = rows.as_slice().ok_or_else(not_row_by_row)?;
    let tensor = TensorRef::from_array_view((rows.shape(), values))?;
    let inputs = ort::inputs![INPUT => tensor];
    match run {
        Some(run) => session.run_with_options(inputs, run),
        None => session.run(inputs),
    }
}

/// The error for an input that has no slice after it was copied row by row.
pub(super) fn not_row_by_row() -> ort::Error {
    ort::Error::new(BrokenInvariant("the network's input lies row by row").to_string())
}

pub(super) fn builder(
    runtime: &OnnxRuntime,
    threads: usize,
    warnings: &Warnings,
    helpers: &Helpers,
) -> ort::Result<SessionBuilder> {
    let builder = Session::builder(&runtime.environment)?
        // Else ONNX Runtime may pick a provider that nobody asked for.
        .with_auto_device(AutoDevicePolicy::PreferCPU)?
        .with_logger(warnings.logger())?
        .with_log_level(LogLevel::Warning)?
        .with_optimization_level(GraphOptimizationLevel::All)?
        .with_intra_threads(threads)?
        .with_thread_manager(ThreadStarter(helpers.clone()))?
        // A plan of all buffers as one block would come on top of the arena: 25 to 100 MB,
        // and no faster.
        .with_memory_pattern(false)?
        // Threads that wait actively are quicker to go on with the next layer; they stop
        // with the run, because the head needs their cores next.
        .with_intra_op_spinning(true)?
        .with_config_entry("session.force_spinning_stop", "1")?
        // Processors without VNNI add products of 8-bit integers in 16 bits, which saturate.
        // This makes them multiply in a slower way that is exact; others ignore it.
        .with_config_entry("session.x64quantprecision", "1")?;
    Ok(builder)
}

/// Checks that the outlets have the right names, are `f32`, and that every dimension is
/// the expected one or left open.
fn check_outlets(
    outlet: &'static str,
    found: &[Outlet],
    expected: &[(&str, [usize; 3])],
) -> Result<(), NetworkError> {
    let fits = |(one, &(name, shape)): (&Outlet, &(&str, [usize; 3]))| {
        let given: &[i64] = one.dtype().tensor_shape().map_or(&[], |shape| shape);
        let wanted = shape.map(|side| side as i64);
        one.name() == name
            && one.dtype().tensor_type() == Some(TensorElementType::Float32)
            && given.len() == 4
            && given
                .iter()
                .skip(1)
                .zip(wanted)
                .all(|(&side, wanted)| side < 0 || side == wanted)
    };
    if found.len() == expected.len() && found.iter().zip(expected).all(fits) {
        return Ok(());
    }
    let found = found
        .iter()
        .map(|one| format!("{}: {}", one.name(), one.dtype()));
    let expected = expected
        .iter()
        .map(|(name, [a, b, c])| format!("{name}: Tensor<f32>(N, {a}, {b}, {c})"));
    Err(NetworkError::Signature {
        outlet,
        found: found.collect::<Vec<_>>().join(", "),
        expected: expected.collect::<Vec<_>>().join(", "),
    })
}
