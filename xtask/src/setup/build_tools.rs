//! Programs that the build needs and that `cargo` does not bring.

use std::{
    env,
    ffi::OsString,
    io,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// Says how to get CMake when it is missing, and what is lost without NASM.
pub(crate) fn require() -> Result<()> {
    let cmake = env::var_os("CMAKE").unwrap_or_else(|| OsString::from("cmake"));
    if !answers(&cmake, "--version")? {
        bail!(
            "CMake was not found; the JPEG decoder is built with it. On Debian or Ubuntu: \
             sudo apt-get install cmake nasm"
        );
    }
    if cfg!(target_arch = "x86_64") && !answers(&OsString::from("nasm"), "-v")? {
        eprintln!(
            "warning: NASM was not found, so JPEG files will be decoded at half the speed. On \
             Debian or Ubuntu: sudo apt-get install nasm, then `cargo clean -p turbojpeg-sys`"
        );
    }
    Ok(())
}

/// Whether the program is there and works.
fn answers(program: &OsString, argument: &str) -> Result<bool> {
    let status = Command::new(program)
        .arg(argument)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match status {
        Ok(status) => Ok(status.success()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => {
            Err(error).with_context(|| format!("cannot start {}", program.to_string_lossy()))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_program_is_there_or_not() {
        assert!(answers(&OsString::from("cargo"), "--version").unwrap());
        assert!(!answers(&OsString::from("cargo"), "--no-such-option").unwrap());
        assert!(!answers(&OsString::from("no-such-program"), "--version").unwrap());
    }
}
