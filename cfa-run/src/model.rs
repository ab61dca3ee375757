//! The bundle, named in the same way in every subcommand.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The bundle: a positional argument, or `--model`. Exactly one of them is given.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct ModelArgs {
    /// Bundle file (.cfa); --model MODEL names it, too
    #[arg(value_name = "MODEL")]
    positional: Option<PathBuf>,
    /// Bundle file (.cfa), as an option
    #[arg(long = "model", value_name = "MODEL")]
    option: Option<PathBuf>,
}

impl ModelArgs {
    /// The path that was given. The parser has made sure that there is one.
    pub(crate) fn path(&self) -> Result<&Path> {
        let given = self.positional.as_deref().or(self.option.as_deref());
        given.context("no bundle is named; give MODEL or --model MODEL")
    }
}
