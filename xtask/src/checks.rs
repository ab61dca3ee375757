//! `cargo xtask test`: everything that has to pass before a change is accepted.

use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use crate::{
    checkout::Checkout,
    nightly,
    setup::{self, Extras, Scope},
    step,
};

/// Packages that need no libtorch.
const LEAN: [&str; 8] = [
    "--package",
    "cfa-runtime",
    "--package",
    "cfa-run",
    "--package",
    "cfa-capi",
    "--package",
    "xtask",
];

/// Sets up, then checks format, lints, documentation and tests, and stops at the
/// first failure.
pub(crate) fn run(checkout: &Checkout, scope: Scope) -> Result<()> {
    require_subcommand(checkout, "fmt", "rustfmt")?;
    require_subcommand(checkout, "clippy", "clippy")?;
    setup::setup(checkout, scope, Extras::default())?;
    let packages: &[&str] = match scope {
        Scope::Everything => &["--workspace"],
        Scope::RuntimeOnly => &LEAN,
    };
    let cargo = || {
        let mut command = checkout.cargo();
        command.current_dir(checkout.root());
        command
    };
    step::run("Format", cargo().args(["fmt", "--all", "--check"]))?;
    let lints = ["--all-targets", "--", "-D", "warnings"];
    step::run("Lints", cargo().arg("clippy").args(packages).args(lints))?;
    step::run(
        "Documentation",
        cargo()
            .arg("doc")
            .args(packages)
            .arg("--no-deps")
            .env("RUSTDOCFLAGS", "-Dwarnings"),
    )?;
    step::run("Tests", cargo().arg("test").args(packages))?;
    nightly::check_pointers(checkout)?;
    eprintln!("\nAll checks passed.");
    Ok(())
}

fn require_subcommand(checkout: &Checkout, subcommand: &str, component: &str) -> Result<()> {
    let mut version: Command = checkout.cargo();
    version
        .args([subcommand, "--version"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let works = version.status().is_ok_and(|status| status.success());
    ensure!(
        works,
        "`cargo {subcommand}` is missing: run `rustup component add {component}`, \
         or install your distribution's {component} package"
    );
    Ok(())
}
