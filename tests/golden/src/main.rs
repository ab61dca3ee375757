//! `cfa-golden`: prints one line a case and quantity; exits 1 when any differs.

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use cfa_golden::Outcome;
use cfa_runtime::network::OnnxRuntime;
use clap::Parser;

/// Compares this implementation with tensors dumped from the reference.
#[derive(Parser)]
struct Arguments {
    /// Folder with manifest.json and the cases.
    #[arg(long, env = "CFA_GOLDEN_DIR", default_value = "../shared/golden")]
    dir: PathBuf,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let library = env::var_os("ORT_DYLIB_PATH").map(PathBuf::from);
    let library = library.map(|path| OnnxRuntime::load(&path)).transpose()?;
    let report = cfa_golden::run(&arguments.dir, library.as_ref(), &mut |line| println!("{line}"))?;
    let skipped = report.lines().iter().filter(|l| matches!(l.outcome, Outcome::Skipped(_))).count();
    let compared = report.lines().len() - skipped;
    println!("{compared} quantities compared, {} failed, {skipped} skipped", report.failures());
    Ok(if report.failures() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
