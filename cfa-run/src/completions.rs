//! `cfa-run completions`: scripts that let a shell complete this program's arguments.

use std::io::{Write, stdout};

use anyhow::Result;
use clap::CommandFactory;
use clap_complete::Shell;

use crate::{Cli, Outcome, printed};

/// Arguments of `cfa-run completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell that the script is for
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> Result<Outcome> {
    // The generator panics when it cannot write, which a buffer always lets it.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "cfa-run", &mut script);
    printed(stdout().write_all(&script))?;
    Ok(Outcome::Fine)
}
