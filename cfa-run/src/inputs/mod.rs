//! From arguments to picture files.

mod folder;
mod passed_over;
mod pattern;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Error, Result, anyhow, bail};
use cfa_runtime::picture::PICTURE_ENDINGS;

use folder::Search;
pub(crate) use passed_over::{PassedOver, Reason, Tally};
use pattern::{BRACKET_HINT, Pattern};

/// The argument that stands for paths on standard input; a file of that name is `./-`.
const STANDARD_INPUT: &str = "-";

/// A picture file, and where below the output folder its results go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) path: PathBuf,
    /// Path below the argument it was found by, such as `good/000.png`.
    pub(crate) relative: PathBuf,
    /// Whether somebody waits for an answer to this very path.
    pub(crate) is_awaited: bool,
}

impl Input {
    /// A file named outright, which may have any ending.
    pub(crate) fn named(path: PathBuf) -> Self {
        let relative = path.file_name().map_or_else(|| path.clone(), PathBuf::from);
        Self {
            path,
            relative,
            is_awaited: false,
        }
    }

    /// A file named on standard input.
    pub(crate) fn awaited(path: PathBuf) -> Self {
        Self {
            is_awaited: true,
            ..Self::named(path)
        }
    }
}

impl AsRef<Path> for Input {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

/// All pictures found, in the order of the arguments and sorted within each.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    pub(crate) pictures: Vec<Input>,
    /// What gave none, and why: arguments, and folders and files below them.
    pub(crate) failures: Vec<(PathBuf, Error)>,
    /// What was found and is not inspected.
    pub(crate) passed_over: PassedOver,
    /// Whether more are named on standard input.
    pub(crate) standard_input: bool,
}

impl Inputs {
    pub(crate) fn find(arguments: &[PathBuf]) -> Self {
        let mut inputs = Self::default();
        for argument in arguments {
            if argument == Path::new(STANDARD_INPUT) {
                inputs.standard_input = true;
            } else if let Err(error) = inputs.add(argument) {
                inputs.failures.push((argument.clone(), error));
            }
        }
        inputs
    }

    fn add(&mut self, argument: &Path) -> Result<()> {
        if argument.is_dir() {
            return self.add_folder(argument);
        }
        match fs::symlink_metadata(argument) {
            Ok(_file) => self.pictures.push(Input::named(argument.to_owned())),
            Err(error) if error.kind() == ErrorKind::NotFound => match Pattern::split(argument)? {
                Some((folder, pattern)) => self.add_matches(argument, &folder, &pattern)?,
                None => bail!("{}: no such file or folder", argument.display()),
            },
            Err(error) => bail!("{}: cannot be read: {error}", argument.display()),
        }
        Ok(())
    }

    fn add_folder(&mut self, folder: &Path) -> Result<()> {
        if self.add_found(Search::below(folder, None), folder) {
            return Ok(());
        }
        bail!(
            "{}: no pictures in this folder or below ({})",
            folder.display(),
            PICTURE_ENDINGS.join(", ")
        )
    }

    fn add_matches(&mut self, argument: &Path, folder: &Path, pattern: &Pattern) -> Result<()> {
        let here = Path::new(".");
        let is_here = folder.as_os_str().is_empty();
        let searched = if is_here { here } else { folder };
        let nothing = || nothing_matches(argument);
        if !searched.is_dir() {
            return Err(nothing());
        }
        let mut search = Search::below(searched, Some(pattern));
        if is_here {
            for file in &mut search.files {
                *file = file.strip_prefix(here).unwrap_or(file).to_owned();
            }
        }
        if self.add_found(search, folder) {
            return Ok(());
        }
        Err(nothing())
    }

    /// Whether it gave any picture, or has failed at what may have held one.
    fn add_found(&mut self, search: Search, folder: &Path) -> bool {
        let gave_any = !(search.files.is_empty() && search.failures.is_empty());
        self.pictures.extend(search.files.into_iter().map(|path| {
            let relative = path.strip_prefix(folder).unwrap_or(&path).to_owned();
            Input {
                path,
                relative,
                is_awaited: false,
            }
        }));
        self.failures.extend(search.failures);
        self.passed_over.extend(search.passed_over);
        gave_any
    }
}

fn nothing_matches(argument: &Path) -> Error {
    let text = argument.display().to_string();
    let hint = if text.contains('[') { BRACKET_HINT } else { "" };
    let endings = PICTURE_ENDINGS.join(", ");
    if hint.is_empty() {
        return anyhow!("{text}: no picture matches ({endings})");
    }
    anyhow!("{text}: no picture matches ({endings}); {hint}")
}
