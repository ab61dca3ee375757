//! The bundle and the pictures on the command line of `predict`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Error, Result, bail};

/// `predict MODEL PATH...` or `predict --model MODEL PATH...`
#[derive(Debug, clap::Args)]
pub(super) struct BundleAndPictures {
    /// Bundle file (.cfa). Without this option, the first PATH is the bundle
    #[arg(long, value_name = "MODEL")]
    model: Option<PathBuf>,
    /// Pictures, folders (searched with all below them, linked ones as well) or glob patterns;
    /// without --model, the bundle stands before them. The path - reads paths of more pictures
    /// from standard input, one a line, and answers each before it waits for the next
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

impl BundleAndPictures {
    /// The bundle, and the pictures as they were named.
    ///
    /// # Errors
    /// Two bundles are named, or no picture is.
    pub(super) fn split(&self) -> Result<(&Path, &[PathBuf])> {
        if let Some(model) = &self.model {
            if let Some(second) = self.paths.first().filter(|path| is_called_bundle(path)) {
                bail!(
                    "two bundles are named, --model {} and {}; name one",
                    model.display(),
                    second.display()
                );
            }
            return Ok((model, &self.paths));
        }
        match self.paths.as_slice() {
            [model, pictures @ ..] if !pictures.is_empty() => Ok((model, pictures)),
            [only, ..] if !is_called_bundle(only) => bail!(
                "no bundle is named; type predict MODEL PATH..., or predict --model MODEL PATH..."
            ),
            _ => bail!(
                "no pictures are named; type predict MODEL PATH..., where each PATH is a picture, \
                 a folder or -"
            ),
        }
    }

    /// The error of a bundle that cannot be opened, with the rule that chose it.
    pub(super) fn explained(&self, error: Error) -> Error {
        let chosen = self.paths.first().filter(|path| !is_called_bundle(path));
        match chosen {
            Some(path) if self.model.is_none() => error.context(format!(
                "{} is taken as the bundle, because it is the first path and --model is missing",
                path.display()
            )),
            _ => error,
        }
    }
}

fn is_called_bundle(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending == OsStr::new("cfa"))
}
