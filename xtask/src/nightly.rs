//! What only a nightly toolchain can do: look at the pointers of the C interface with Miri
//! and AddressSanitizer. Where it is missing, that is said, and no failure.

use std::process::{Command, Stdio};

use anyhow::Result;

use crate::{checkout::Checkout, step};

/// The tests in Rust of the C interface, which need no ONNX Runtime.
const TESTS: [&str; 6] = [
    "--package",
    "cfa-capi",
    "--lib",
    "--features",
    "fake-network",
    "--profile",
];

/// The oldest Rust that compiles this workspace.
const RUST_VERSION: &str = env!("CARGO_PKG_RUST_VERSION");

/// Models of what a pointer may be used for, by what each is switched on with.
const ALIASING: [(&str, &str); 2] = [
    ("stacked borrows", ""),
    ("tree borrows", "-Zmiri-tree-borrows"),
];

/// Runs the tests under each tool that is installed.
pub(crate) fn check_pointers(checkout: &Checkout) -> Result<()> {
    let minor = version(&["rustc", "--version"]).and_then(|said| minor_version(&said));
    if minor < minor_version(RUST_VERSION) {
        skipped(
            "AddressSanitizer and Miri",
            "needs a nightly toolchain, not older than the stable one",
        );
        return Ok(());
    }
    address_sanitizer(checkout)?;
    miri(checkout)
}

fn address_sanitizer(checkout: &Checkout) -> Result<()> {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    if !cfg!(all(target_os = "linux", target_env = "gnu")) {
        skipped("AddressSanitizer", "is for Linux with glibc here");
        return Ok(());
    }
    let mut command = nightly(checkout, &["cargo", "test", "--target", &target]);
    // Else it would be linked into programs that compile others, too.
    command.env("RUSTFLAGS", "-Zsanitizer=address");
    step::run(
        "C interface under AddressSanitizer",
        command.args(TESTS).arg("plain"),
    )
}

fn miri(checkout: &Checkout) -> Result<()> {
    if version(&["cargo", "miri", "--version"]).is_none() {
        skipped(
            "Miri",
            "`rustup component add miri rust-src --toolchain nightly` brings it",
        );
        return Ok(());
    }
    for (name, flags) in ALIASING {
        let mut command = nightly(checkout, &["cargo", "miri", "test"]);
        // The threads of a search end by themselves, and not before the test.
        command.env("MIRIFLAGS", format!("-Zmiri-ignore-leaks {flags}"));
        step::run(
            &format!("C interface under Miri, {name}"),
            command.args(TESTS).arg("dev"),
        )?;
    }
    Ok(())
}

fn nightly(checkout: &Checkout, arguments: &[&str]) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly"]).args(arguments);
    command
        .arg("--target-dir")
        .arg(checkout.root().join("target/nightly"));
    command.current_dir(checkout.root());
    command
}

/// What the toolchain's program says; `None` when it is not there.
fn version(arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly"]).args(arguments);
    let output = command.stdin(Stdio::null()).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    output.status.success().then_some(said)
}

/// 97 of `rustc 1.97.0-nightly (...)`, and of `1.97`.
fn minor_version(said: &str) -> Option<u32> {
    let (_, after) = said.split_once("1.")?;
    let digits = after.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

fn skipped(what: &str, why: &str) {
    eprintln!("\n==> skipped: C interface under {what}: {why}");
}

#[cfg(test)]
mod tests {
    use super::minor_version;

    #[test]
    fn minor_versions_are_read() {
        assert_eq!(
            minor_version("rustc 1.97.0-nightly (e50aa6fba 2026-05-19)"),
            Some(97)
        );
        assert_eq!(minor_version("1.95"), Some(95));
        assert_eq!(minor_version("unknown"), None);
        assert!(minor_version(super::RUST_VERSION).is_some());
    }
}
