//! `cfa-train`: learns a model from pictures of good products and writes the
//! bundle that `cfa-run` inspects pictures with.

mod backbones;
mod calibrate;
mod device;
mod export;
mod fit;
mod good_names;
mod import;
mod limits;
mod memory;
mod onnxruntime;
mod progress;
mod reduce;
mod remedy;
mod seeds;
mod skip_bad;
mod test;
mod weights;

use std::process::ExitCode;

use cfa_runtime::network::restart_without_telemetry;
use cfa_runtime::picture::keep_decoder_panics_quiet;
use cfa_train::interruption::Interrupted;
use clap::{Parser, Subcommand};

/// Exit codes: 0 fine, 2 error, 130 interrupted (go on with --resume).
const ERROR: u8 = 2;
const INTERRUPTED: u8 = 130;

/// Train CFA anomaly detection models and export them for cfa-run.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Learn from good pictures and write a bundle
    Fit(Box<fit::FitArguments>),
    /// Evaluate a bundle on labelled pictures, through the runtime that ships
    Test(test::TestArguments),
    /// Give a bundle the scores of good parts, and thresholds that follow from them
    Calibrate(calibrate::CalibrateArguments),
    /// Turn a model that was trained with anomalib into a bundle
    Import(import::ImportArguments),
    /// Write a bundle in a format for other programs, or with a smaller network
    Export(export::ExportArguments),
    /// List the backbones: feature maps, descriptor channels D, work (GFLOP up to the
    /// last map at 224 px), parameters, and which weights fit
    Backbones(backbones::BackbonesArguments),
}

fn main() -> ExitCode {
    // An ONNX Runtime that needs it is refused when it is loaded.
    let _not_restarted = restart_without_telemetry();
    keep_decoder_panics_quiet();
    let command = Arguments::parse().command;
    let takes_good_names = !matches!(command, Command::Import(_));
    let result = match command {
        Command::Fit(arguments) => fit::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Calibrate(arguments) => calibrate::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Backbones(arguments) => backbones::list(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if let Some(interrupted) = interruption(&error) {
                eprintln!("cfa-train: {interrupted}");
                return ExitCode::from(INTERRUPTED);
            }
            let hint = limits::hint(&error).map(str::to_owned);
            let hint = hint.or_else(|| remedy::hint(&error));
            let error = if takes_good_names {
                good_names::with_remedy(error)
            } else {
                error
            };
            eprintln!("cfa-train: {error:#}");
            if let Some(hint) = hint {
                eprintln!("{hint}");
            }
            ExitCode::from(ERROR)
        }
    }
}

/// Every library error that reports an interruption has it as its cause.
fn interruption(error: &anyhow::Error) -> Option<&Interrupted> {
    error.chain().find_map(|cause| cause.downcast_ref())
}
