//! `cfa-train completions`: scripts that let a shell complete this program's arguments.

use std::io::{Write, stdout};

use anyhow::{Context, Result};
use clap::Args;
use clap_complete::Shell;

use crate::command_line;

#[derive(Args)]
pub(crate) struct CompletionsArguments {
    /// The shell that the script is for
    shell: Shell,
}

pub(crate) fn run(arguments: &CompletionsArguments) -> Result<()> {
    // The generator panics when it cannot write, which a buffer always lets it.
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut command_line(),
        "cfa-train",
        &mut script,
    );
    let written = stdout().write_all(&script);
    written.context("standard output cannot be written to")
}
