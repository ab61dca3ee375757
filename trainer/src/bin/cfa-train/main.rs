//! `cfa-train`: learns a model from pictures of good products and writes the
//! bundle that `cfa-run` inspects pictures with.

mod backbones;
mod device;
mod export;
mod fit;
mod import;
mod onnxruntime;
mod progress;
mod replay;
mod test;

use std::process::ExitCode;

use cfa_train::error::TrainError;
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
    Fit(fit::FitArguments),
    /// Evaluate a bundle on labelled pictures, through the runtime that ships
    Test(test::TestArguments),
    /// Turn a model that was trained with anomalib into a bundle
    Import(import::ImportArguments),
    /// Write a bundle in a format for other programs
    Export(export::ExportArguments),
    /// List the backbones
    Backbones,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Fit(arguments) => fit::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Backbones => backbones::list(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cfa-train: {error:#}");
            ExitCode::from(exit_code(&error))
        }
    }
}

fn exit_code(error: &anyhow::Error) -> u8 {
    match error.downcast_ref::<TrainError>() {
        Some(TrainError::Interrupted { .. } | TrainError::InterruptedEarly) => INTERRUPTED,
        _ => ERROR,
    }
}
