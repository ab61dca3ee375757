//! `cargo xtask golden`: the golden parity check.

use std::{
    ffi::OsString,
    process::{ExitCode, ExitStatus},
};

use anyhow::{Context, Result};

use crate::{
    checkout::Checkout,
    setup::{self, Extras, Scope},
};

/// Sets up and runs `cfa-golden` in the caller's folder, so that a relative
/// `CFA_GOLDEN_DIR` means what the caller sees. Its exit code is ours.
pub(crate) fn run(checkout: &Checkout, arguments: &[OsString]) -> Result<ExitCode> {
    setup::setup(checkout, Scope::Everything, Extras::default())?;
    let mut cargo = checkout.cargo();
    cargo.args([
        "run",
        "--release",
        "--package",
        "cfa-golden",
        "--manifest-path",
    ]);
    cargo
        .arg(checkout.root().join("Cargo.toml"))
        .arg("--")
        .args(arguments);
    let status = cargo.status().context("cannot start cargo")?;
    Ok(exit_code(status))
}

/// A child that was ended by a signal has no code; that is a failure.
fn exit_code(status: ExitStatus) -> ExitCode {
    ExitCode::from(
        status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .unwrap_or(1),
    )
}
