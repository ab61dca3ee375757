//! `cfa-train`: learns a model from pictures of good products and writes the
//! bundle that `cfa-run` inspects pictures with.

mod backbones;
mod calibrate;
mod completions;
mod device;
mod export;
mod fit;
mod good_names;
mod hint;
mod import;
mod limits;
#[cfg(any(test, feature = "man-pages"))]
mod man_pages;
mod memory;
mod model;
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
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

const ERROR: u8 = 2;
const INTERRUPTED: u8 = 130;
const EXIT_CODES: &str = "Exit codes:
  0    everything was done
  2    error; standard error says why
  130  interrupted; fit goes on with --resume";

/// Train CFA anomaly detection models and export them for cfa-run.
#[derive(Parser)]
#[command(version, propagate_version = true, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Learn from good pictures and write a bundle
    #[command(after_help = EXIT_CODES)]
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
    /// Print a script that lets a shell complete the arguments of this program
    Completions(completions::CompletionsArguments),
    /// Write manual pages
    #[cfg(feature = "man-pages")]
    #[command(hide = true)]
    ManPages(man_pages::ManPagesArguments),
}

/// The definition of the command line, with the settings' own values as defaults.
fn command_line() -> clap::Command {
    Arguments::command().mut_subcommand("fit", fit::with_shown_defaults)
}

fn main() -> ExitCode {
    // An ONNX Runtime that needs it is refused when it is loaded.
    let _not_restarted = restart_without_telemetry();
    keep_decoder_panics_quiet();
    let matches = command_line().get_matches();
    let command = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments.command,
        Err(error) => error.exit(),
    };
    let takes_good_names = !matches!(command, Command::Import(_));
    let result = match command {
        Command::Fit(arguments) => fit::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Calibrate(arguments) => calibrate::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Backbones(arguments) => backbones::list(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        #[cfg(feature = "man-pages")]
        Command::ManPages(arguments) => man_pages::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let hint = hint::hint(&error);
            if let Some(interrupted) = interruption(&error) {
                eprintln!("error: {interrupted}");
                if let Some(hint) = hint {
                    eprintln!("hint: {hint}");
                }
                return ExitCode::from(INTERRUPTED);
            }
            let error = if takes_good_names {
                good_names::with_remedy(error)
            } else {
                error
            };
            eprintln!("error: {error:#}");
            if let Some(hint) = hint {
                eprintln!("hint: {hint}");
            }
            ExitCode::from(ERROR)
        }
    }
}

/// Every library error that reports an interruption has it as its cause.
fn interruption(error: &anyhow::Error) -> Option<&Interrupted> {
    error.chain().find_map(|cause| cause.downcast_ref())
}
