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

/// The variable is only read. Another thread of the program may be reading the environment, so
/// changing it is not safe.
fn is_off() -> bool {
    env::var_os(SWITCH).is_some_and(|value| value == OFF)
}

/// Starts this program again in its own process with `ORT_DISABLE_TELEMETRY=1`, and does not
/// return. It returns at once where that is set already.
///
/// ONNX Runtime 1.29 and newer send telemetry without it, so
/// [`OnnxRuntime::load`](super::OnnxRuntime::load) refuses them. A program calls this before
/// anything else in `main`. Arguments, process number and open files stay the same, and everything
/// else begins again. A library must not call it.
///
/// # Errors
/// The system cannot start the program again. The program may go on: loading an ONNX Runtime
/// that needs the variable is then an error.
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

/// Other systems do not have this variable.
#[cfg(not(unix))]
fn again() -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cargo's configuration sets the variable for all tests.
    #[test]
    fn old_versions_have_no_telemetry_and_the_variable_stops_new_ones() {
        assert!(!would_be_sent(24) && !would_be_sent(28));
        assert_eq!(would_be_sent(29), cfg!(unix) && !is_off());
    }
}
