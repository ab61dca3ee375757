//! Announced child processes.

use std::process::{Command, ExitStatus, Output, Stdio};

use anyhow::{Context, Result, bail};

/// Announces and runs a command; its output goes where ours goes.
pub(crate) fn run(name: &str, command: &mut Command) -> Result<()> {
    announce(name);
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    require_success(name, command, status)
}

/// As [`run`], but what the command writes to standard output is returned.
pub(crate) fn capture(name: &str, command: &mut Command) -> Result<String> {
    announce(name);
    command.stdout(Stdio::piped()).stderr(Stdio::inherit());
    let child = command
        .spawn()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    let Output { status, stdout, .. } = child.wait_with_output()?;
    require_success(name, command, status)?;
    String::from_utf8(stdout)
        .with_context(|| format!("{} wrote something that is not text", shown(command)))
}

/// Progress lines go to standard error; standard output belongs to results.
fn announce(name: &str) {
    eprintln!("\n==> {name}");
}

fn require_success(name: &str, command: &Command, status: ExitStatus) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    bail!(
        "{name} failed ({status}); the command was: {}",
        shown(command)
    )
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_failure_names_the_step_the_code_and_the_command() {
        let error = run("Breaking", Command::new("sh").args(["-c", "exit 7"]))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("Breaking failed") && error.contains('7') && error.contains("sh -c"),
            "{error}"
        );
    }

    #[test]
    fn the_output_is_returned() {
        assert_eq!(
            capture("Saying", Command::new("sh").args(["-c", "echo yes"])).unwrap(),
            "yes\n"
        );
    }
}
