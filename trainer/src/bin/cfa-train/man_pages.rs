//! Manual pages, made from the definition of the command line.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use crate::command_line;

#[derive(Args)]
pub(crate) struct ManPagesArguments {
    /// The folder to write to; it is made if it is missing
    folder: PathBuf,
}

/// Writes a page for the program, and one for each subcommand.
pub(crate) fn run(args: &ManPagesArguments) -> Result<()> {
    let folder = &args.folder;
    let unwritten = || format!("cannot write manual pages to {}", folder.display());
    std::fs::create_dir_all(folder).with_context(unwritten)?;
    clap_mangen::generate_to(command_line(), folder).with_context(unwritten)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn each_subcommand_has_a_page() {
        let folder = tempfile::tempdir().unwrap();
        let args = ManPagesArguments {
            folder: folder.path().join("man"),
        };
        run(&args).unwrap();
        for name in ["cfa-train", "cfa-train-fit", "cfa-train-export"] {
            let page = args.folder.join(format!("{name}.1"));
            let page = std::fs::read_to_string(page).unwrap();
            assert!(page.contains(&format!(".TH {name} 1")), "{page}");
        }
    }
}
