//! Link settings of the shared library, and what it says of its own build.

use std::process::Command;

/// The major number of the interface, `CFA_ABI_MAJOR`; a test compares the two.
const SONAME: &str = "libcfa.so.1";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        link_arg(&format!("-soname,{SONAME}"));
        // Neither the threads and thread-local values of Rust nor ONNX Runtime can
        // be unloaded safely, so `dlclose` leaves the library where it is.
        link_arg("-z,nodelete");
        link_arg("-z,relro,-z,now");
    }
    let target = std::env::var("TARGET").unwrap_or_else(|_unset| String::new());
    println!("cargo:rustc-env=CFA_TARGET={target}");
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_unset| "rustc".to_owned());
    let rustc = said(Command::new(rustc).arg("--version"));
    println!(
        "cargo:rustc-env=CFA_RUSTC={}",
        rustc.as_deref().unwrap_or("")
    );
    record_commit();
}

fn link_arg(argument: &str) {
    println!("cargo:rustc-cdylib-link-arg=-Wl,{argument}");
}

/// Empty outside a git checkout. Built again when the checkout's head moves.
fn record_commit() {
    let commit = said(Command::new("git").args(["rev-parse", "--short=12", "HEAD"]));
    println!(
        "cargo:rustc-env=CFA_COMMIT={}",
        commit.as_deref().unwrap_or("")
    );
    if let Some(log) = said(Command::new("git").args(["rev-parse", "--git-path", "logs/HEAD"])) {
        println!("cargo:rerun-if-changed={log}");
    }
}

fn said(command: &mut Command) -> Option<String> {
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned())
}
