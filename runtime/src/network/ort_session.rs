//! A session of ONNX Runtime.

use std::sync::Arc;

use ndarray::ArrayRef4;
use ort::logging::LogLevel;
use ort::session::builder::{AutoDevicePolicy, GraphOptimizationLevel, SessionBuilder};
use ort::session::{RunOptions, Session, SessionOutputs};
use ort::value::TensorRef;

use super::compute::Compute;
use super::error::NetworkError;
use super::network_options::{NetworkOptions, NetworkOutput};
use super::onnx_runtime::OnnxRuntime;
use super::outputs::NetworkOutputs;
use super::signature;
use super::threads::ThreadStarter;
use super::warnings::Warnings;
use crate::cancellation::Cancellation;
use crate::cores::Helpers;
use crate::invariant::BrokenInvariant;
use crate::onnx::INPUT;
use crate::process::Threaded;

/// A network that ONNX Runtime computes.
#[derive(Debug)]
pub(super) struct OrtSession {
    session: Threaded<Session>,
    /// ONNX Runtime's threads beside the calling one.
    helpers: Helpers,
    outputs: Vec<NetworkOutput>,
}

impl OrtSession {
    pub(super) fn new(
        session: Session,
        helpers: Helpers,
        options: &NetworkOptions,
    ) -> Result<Self, NetworkError> {
        signature::check(&session, options)?;
        Ok(Self {
            session: Threaded::new(session),
            helpers,
            outputs: options.outputs.clone(),
        })
    }
}

impl Compute for OrtSession {
    fn compute(
        &mut self,
        input: &ArrayRef4<f32>,
        cancellation: Option<&Cancellation>,
    ) -> Result<NetworkOutputs, NetworkError> {
        let session = self.session.here_mut()?;
        self.helpers.keep_off_this_core();
        let (expected, pictures) = (&self.outputs, input.dim().0);
        let Some(cancellation) = cancellation else {
            let given = run(session, input, None).map_err(failed)?;
            return NetworkOutputs::taken_from(given, expected, pictures);
        };
        let options = Arc::new(RunOptions::new().map_err(failed)?);
        let running = Arc::clone(&options);
        let stop = move || {
            // It fails for a null pointer only.
            let _refused = running.terminate();
        };
        let given = cancellation
            .stopping(stop, || run(session, input, Some(&options)))
            .map_err(failed)?;
        NetworkOutputs::taken_from(given, expected, pictures)
    }
}

fn failed(error: ort::Error) -> NetworkError {
    NetworkError::Run(error.into())
}

/// Runs a session that has the one input [`INPUT`].
pub(super) fn run<'s>(
    session: &'s mut Session,
    input: &ArrayRef4<f32>,
    options: Option<&'s RunOptions>,
) -> ort::Result<SessionOutputs<'s>> {
    let rows = input.as_standard_layout();
    let values = rows.as_slice().ok_or_else(|| {
        let broken = BrokenInvariant("the network's input lies row by row");
        ort::Error::new(broken.to_string())
    })?;
    let tensor = TensorRef::from_array_view((rows.shape(), values))?;
    let inputs = ort::inputs![INPUT => tensor];
    match options {
        Some(options) => session.run_with_options(inputs, options),
        None => session.run(inputs),
    }
}

/// The settings of every session, whichever provider computes it.
pub(super) fn builder(
    runtime: &OnnxRuntime,
    threads: usize,
    warnings: &Warnings,
    helpers: &Helpers,
) -> ort::Result<SessionBuilder> {
    let builder = Session::builder(&runtime.environment)?
        // Otherwise ONNX Runtime may pick a provider that was not asked for.
        .with_auto_device(AutoDevicePolicy::PreferCPU)?
        .with_logger(warnings.logger())?
        .with_log_level(LogLevel::Warning)?
        .with_optimization_level(GraphOptimizationLevel::All)?
        .with_intra_threads(threads)?
        .with_thread_manager(ThreadStarter(helpers.clone()))?
        // A plan of all buffers as one block would come on top of the arena. It takes 25 to
        // 100 MB and is not faster.
        .with_memory_pattern(false)?
        // Threads that wait actively start the next layer sooner. They stop waiting with the
        // run, because the head needs their cores next.
        .with_intra_op_spinning(true)?
        .with_config_entry("session.force_spinning_stop", "1")?
        // Processors without VNNI add products of 8-bit integers in 16 bits, which saturate.
        // This entry selects a slower way that is exact. Other processors ignore it.
        .with_config_entry("session.x64quantprecision", "1")?;
    Ok(builder)
}
