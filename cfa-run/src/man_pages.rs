//! Manual pages, made from the definition of the command line.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::CommandFactory;

use crate::{Cli, Outcome};

/// Arguments of `cfa-run man-pages`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder to write to; it is made if it is missing
    folder: PathBuf,
}

/// Writes a page for the program, and one for each subcommand.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let folder = &args.folder;
    let unwritten = || format!("cannot write manual pages to {}", folder.display());
    std::fs::create_dir_all(folder).with_context(unwritten)?;
    clap_mangen::generate_to(Cli::command(), folder).with_context(unwritten)?;
    Ok(Outcome::Fine)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn each_subcommand_has_a_page() {
        let folder = tempfile::tempdir().unwrap();
        let args = Args {
            folder: folder.path().join("man"),
        };
        run(&args).unwrap();
        for name in ["cfa-run", "cfa-run-predict", "cfa-run-check"] {
            let page = args.folder.join(format!("{name}.1"));
            let page = std::fs::read_to_string(page).unwrap();
            assert!(page.contains(&format!(".TH {name} 1")), "{page}");
        }
    }
}
