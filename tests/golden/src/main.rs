//! `cfa-golden`: prints one line a case and quantity; exits 1 when any differs.

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use cfa_golden::Outcome;
use cfa_runtime::network::{OnnxRuntime, library_near};
use clap::Parser;

/// Compares this implementation with tensors dumped from the reference.
#[derive(Parser)]
struct Arguments {
    /// Folder with manifest.json and the cases.
    #[arg(long, env = "CFA_GOLDEN_DIR", default_value = "../shared/golden")]
    dir: PathBuf,
    /// ONNX Runtime's shared library; default: where `cargo xtask setup` puts it.
    #[arg(long, value_name = "FILE", env = "ORT_DYLIB_PATH")]
    onnxruntime: Option<PathBuf>,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let near = || library_near(&env::current_exe().unwrap_or_else(|_unknown| PathBuf::new()));
    let library = OnnxRuntime::load(&arguments.onnxruntime.clone().unwrap_or_else(near))?;
    let report = cfa_golden::run(&arguments.dir, Some(&library), &mut |line| {
        println!("{line}");
    })?;
    let skipped = report
        .lines()
        .iter()
        .filter(|l| matches!(l.outcome, Outcome::Skipped(_)))
        .count();
    let compared = report.lines().len() - skipped;
    println!(
        "{compared} quantities compared, {} failed, {skipped} skipped",
        report.failures()
    );
    Ok(if report.failures() == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
