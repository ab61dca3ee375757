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
    check_dependencies(checkout)?;
    eprintln!("\nAll checks passed.");
    Ok(())
}

/// Licences, duplicates and sources of all dependencies, by `deny.toml`. Advisories need a
/// network at every run, so they are not part of this.
fn check_dependencies(checkout: &Checkout) -> Result<()> {
    if !has_subcommand(checkout, "deny") {
        eprintln!(
            "\n==> Dependencies: skipped, because cargo-deny is missing \
             (`cargo install cargo-deny --locked`)"
        );
        return Ok(());
    }
    let mut deny = checkout.cargo();
    deny.current_dir(checkout.root());
    deny.args(["deny", "--locked", "check", "licenses", "bans", "sources"]);
    step::run("Dependencies", &mut deny)
}

fn require_subcommand(checkout: &Checkout, subcommand: &str, component: &str) -> Result<()> {
    ensure!(
        has_subcommand(checkout, subcommand),
        "`cargo {subcommand}` is missing: run `rustup component add {component}`, \
         or install your distribution's {component} package"
    );
    Ok(())
}

fn has_subcommand(checkout: &Checkout, subcommand: &str) -> bool {
    let mut version: Command = checkout.cargo();
    version
        .args([subcommand, "--version"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    version.status().is_ok_and(|status| status.success())
}
