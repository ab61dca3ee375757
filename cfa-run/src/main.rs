//! Inspects pictures with a trained model.
//!
//! The exit codes are in [`EXIT_CODES`]. A reader that closes our output early is fine: the
//! work ends, and the code reports what was done by then.

mod bench;
mod check;
mod completions;
mod hint;
mod info;
mod inputs;
#[cfg(any(test, feature = "man-pages"))]
mod man_pages;
mod model;
mod onnx_runtime;
mod path_text;
mod pictures;
mod predict;
mod progress;
mod provider;
mod setup_hint;
mod verify;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Error, Result};
use cfa_runtime::network::restart_without_telemetry;
use cfa_runtime::picture::keep_decoder_panics_quiet;
use clap::{Parser, Subcommand};

const EXIT_CODES: &str = "Exit codes:
  0  everything was done, and no picture was rejected
  1  everything was done, and at least one picture was rejected
  2  error, or a check failed; standard error says why";

/// Inspect pictures with a trained CFA model.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Score pictures and show where they look unusual
    #[command(after_help = EXIT_CODES)]
    Predict(predict::Args),
    /// Replay the results recorded in a bundle on this machine
    #[command(after_help = EXIT_CODES)]
    Verify(verify::Args),
    /// Measure how fast a bundle is on this machine
    Bench(bench::Args),
    /// Print the settings of a bundle
    Info(info::Args),
    /// Print what this machine can compute with, and what to install for the rest
    Check(check::Args),
    /// Print a script that lets a shell complete the arguments of this program
    Completions(completions::Args),
    /// Write manual pages
    #[cfg(feature = "man-pages")]
    #[command(hide = true)]
    ManPages(man_pages::Args),
}

/// Whether everything asked for was done and in order, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Fine,
    /// All was done, and a picture is judged defective.
    Rejected,
    /// What failed has been said already.
    Failed,
}

fn main() -> ExitCode {
    // An ONNX Runtime that needs it is refused when it is loaded.
    let _not_restarted = restart_without_telemetry();
    keep_decoder_panics_quiet();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(answer) => return code_of_answer(&answer),
    };
    let outcome = match cli.command {
        Command::Predict(args) => predict::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Info(args) => info::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Completions(args) => completions::run(&args),
        #[cfg(feature = "man-pages")]
        Command::ManPages(args) => man_pages::run(&args),
    };
    match outcome {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Rejected) => ExitCode::from(1),
        Ok(Outcome::Failed) => ExitCode::from(2),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &Error) -> ExitCode {
    say(&format!("error: {error:#}"));
    if let Some(hint) = hint::hint(error) {
        say(&format!("hint: {hint}"));
    }
    ExitCode::from(2)
}

/// Prints the help that was asked for, or why the arguments are not understood.
fn code_of_answer(answer: &clap::Error) -> ExitCode {
    match printed(answer.print()) {
        Ok(()) if answer.exit_code() == 0 => ExitCode::SUCCESS,
        Ok(()) => ExitCode::from(2),
        Err(error) => failed(&error),
    }
}

/// A line on standard error. If that is full or closed, nobody can be told.
fn say(line: &str) {
    drop(writeln!(io::stderr(), "{line}"));
}

/// What was printed, where it is the outcome that counts: a reader that is gone ends the
/// printing alone.
fn printed(printed: io::Result<()>) -> Result<()> {
    match printed {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed.map_err(unwritten),
    }
}

fn unwritten(error: io::Error) -> Error {
    Error::new(error).context("standard output cannot be written to; is its disk full?")
}

fn is_broken_pipe(error: &Error) -> bool {
    let is_pipe = |io: &io::Error| io.kind() == io::ErrorKind::BrokenPipe;
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref())
        .any(is_pipe)
}
