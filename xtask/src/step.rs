//! Announced child processes.

use std::process::{Command, ExitStatus, Output, Stdio};

use anyhow::{Context, Result, bail};

/// Announces and runs a command; its output goes where ours goes.
pub(crate) fn run(name: &str, command: &mut Command) -> Result<()> {
    announce(name);
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    require(name, command, status, &[0])
}

/// As [`run`], but what the command writes to standard output is returned.
pub(crate) fn capture(name: &str, command: &mut Command) -> Result<String> {
    capture_accepting(name, command, &[0])
}

/// Runs a command whose exit codes `accepted` are all results.
pub(crate) fn capture_accepting(
    name: &str,
    command: &mut Command,
    accepted: &[i32],
) -> Result<String> {
    announce(name);
    command.stdout(Stdio::piped()).stderr(Stdio::inherit());
    let child = command
        .spawn()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    let Output { status, stdout, .. } = child.wait_with_output()?;
    require(name, command, status, accepted)?;
    String::from_utf8(stdout)
        .with_context(|| format!("{} wrote something that is not text", shown(command)))
}

/// Progress lines go to standard error; standard output belongs to results.
fn announce(name: &str) {
    eprintln!("\n==> {name}");
}

fn require(name: &str, command: &Command, status: ExitStatus, accepted: &[i32]) -> Result<()> {
    if status.code().is_some_and(|code| accepted.contains(&code)) {
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
    fn other_codes_can_be_results() {
        let exit =
            |code| capture_accepting("Judging", Command::new("sh").args(["-c", code]), &[0, 1]);
        assert_eq!(exit("echo rejected; exit 1").unwrap(), "rejected\n");
        assert!(exit("exit 2").is_err());
    }

    #[test]
    fn the_output_is_returned() {
        assert_eq!(
            capture("Saying", Command::new("sh").args(["-c", "echo yes"])).unwrap(),
            "yes\n"
        );
    }
}
