//! ONNX Runtime's telemetry, which is never sent.
//!
//! The builds of ONNX Runtime 1.29 and newer that its makers publish write a number of the
//! device into the user's cache folder when their environment is made, and send events from
//! then on. The C API can ask them to stop only afterwards; a variable of the process's
//! environment, which they read at that moment, stops them before.

use std::env;
use std::io;

/// The first version with telemetry on Linux and macOS is 1 point this.
const FIRST_MINOR_VERSION: u32 = 29;

/// ONNX Runtime reads this variable once in a process, when its environment is made.
const SWITCH: &str = "ORT_DISABLE_TELEMETRY";
const OFF: &str = "1";

/// Whether this version would send telemetry from this process as it is now.
pub(super) fn would_be_sent(minor_version: u32) -> bool {
    cfg!(unix) && minor_version >= FIRST_MINOR_VERSION && !is_off()
}

/// Not changed here: another thread of the program may be reading the environment.
fn is_off() -> bool {
    env::var_os(SWITCH).is_some_and(|value| value == OFF)
}

/// Starts this program again in its own process with `ORT_DISABLE_TELEMETRY=1`, unless that is
/// set already; does not return then.
///
/// ONNX Runtime 1.29 and newer send telemetry without it, so
/// [`OnnxRuntime::load`](super::OnnxRuntime::load) refuses them. A program calls this first thing in `main`:
/// arguments, process number and open files stay the same, everything else begins again. A
/// library must not call it.
///
/// # Errors
/// The system cannot start the program again. It may go on, and is told when it loads an ONNX
/// Runtime that needs the variable.
pub fn restart_without_telemetry() -> io::Result<()> {
    if is_off() {
        return Ok(());
    }
    again()
}

#[cfg(unix)]
fn again() -> io::Result<()> {
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    let mut arguments = env::args_os();
    let mut program = Command::new(env::current_exe()?);
    if let Some(name) = arguments.next() {
        program.arg0(name);
    }
    Err(program.args(arguments).env(SWITCH, OFF).exec())
}

/// Elsewhere the variable means nothing.
#[cfg(not(unix))]
fn again() -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cargo's configuration sets the variable for all tests.
    #[test]
    fn old_versions_contain_none_and_the_switch_stops_new_ones() {
        assert!(!would_be_sent(24) && !would_be_sent(28));
        assert_eq!(would_be_sent(29), cfg!(unix) && !is_off());
    }
}
