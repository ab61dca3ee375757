//! From arguments to picture files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result, anyhow, bail};
use cfa_runtime::picture::{PICTURE_ENDINGS, has_picture_ending};

/// The argument that stands for paths on standard input; a file of that name is `./-`.
const STANDARD_INPUT: &str = "-";

/// A picture file, and where below the output folder its results go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) path: PathBuf,
    /// Path below the argument it was found by, such as `good/000.png`.
    pub(crate) relative: PathBuf,
}

impl Input {
    /// A file named outright, which may have any ending.
    pub(crate) fn named(path: PathBuf) -> Self {
        let relative = path.file_name().map(PathBuf::from).unwrap_or_default();
        Self { path, relative }
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
    /// Arguments that gave none, and why.
    pub(crate) failures: Vec<(PathBuf, Error)>,
    /// Whether more are named on standard input.
    pub(crate) standard_input: bool,
}

impl Inputs {
    pub(crate) fn find(arguments: &[PathBuf]) -> Self {
        let mut inputs = Self::default();
        for argument in arguments {
            if argument == Path::new(STANDARD_INPUT) {
                inputs.standard_input = true;
                continue;
            }
            match pictures_of(argument) {
                Ok(pictures) => inputs.pictures.extend(pictures),
                Err(error) => inputs.failures.push((argument.clone(), error)),
            }
        }
        inputs
    }
}

fn pictures_of(argument: &Path) -> Result<Vec<Input>> {
    if argument.is_dir() {
        return in_folder(argument);
    }
    if fs::symlink_metadata(argument).is_ok() {
        return Ok(vec![Input::named(argument.to_owned())]);
    }
    let pattern = argument
        .to_str()
        .filter(|text| text.contains(['*', '?', '[']));
    match pattern {
        Some(pattern) => matching(pattern),
        None => bail!("{}: no such file or folder", argument.display()),
    }
}

fn in_folder(folder: &Path) -> Result<Vec<Input>> {
    let mut files = Vec::new();
    collect_files(folder, &mut files)?;
    found(files, folder).ok_or_else(|| {
        anyhow!(
            "{}: no pictures in this folder or below ({})",
            folder.display(),
            PICTURE_ENDINGS.join(", ")
        )
    })
}

/// Links to folders are not followed, because they may lead in circles.
fn collect_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let unreadable = || format!("{}: the folder cannot be read", folder.display());
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let entry = entry.with_context(unreadable)?;
        let path = entry.path();
        if entry.file_type().with_context(unreadable)?.is_dir() {
            collect_files(&path, files)?;
        } else if path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

fn matching(pattern: &str) -> Result<Vec<Input>> {
    let paths = glob::glob(pattern).with_context(|| format!("{pattern}: not a glob pattern"))?;
    let paths = paths.collect::<Result<Vec<_>, _>>()?;
    let files = paths.into_iter().filter(|path| path.is_file()).collect();
    let fixed = Path::new(pattern)
        .ancestors()
        .find(|part| !part.to_string_lossy().contains(['*', '?', '[']));
    found(files, fixed.unwrap_or(Path::new(""))).ok_or_else(|| {
        anyhow!(
            "{pattern}: no picture matches ({})",
            PICTURE_ENDINGS.join(", ")
        )
    })
}

/// The pictures among `files`, sorted; `None` if there are none.
fn found(mut files: Vec<PathBuf>, base: &Path) -> Option<Vec<Input>> {
    files.retain(|path| has_picture_ending(path));
    files.sort();
    let input = |path: PathBuf| {
        let relative = path.strip_prefix(base).unwrap_or(&path).to_owned();
        Input { path, relative }
    };
    (!files.is_empty()).then(|| files.into_iter().map(input).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]

    use super::*;

    fn folder_with(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"").unwrap();
        }
        folder
    }

    fn relative(inputs: &Inputs) -> Vec<&str> {
        inputs
            .pictures
            .iter()
            .map(|input| input.relative.to_str().unwrap())
            .collect()
    }

    #[test]
    fn folders_are_searched_in_order_for_picture_endings() {
        let folder = folder_with(&["b.png", "a/2.JPG", "a/10.webp", "notes.txt", "c"]);
        let inputs = Inputs::find(&[folder.path().to_owned()]);
        assert_eq!(relative(&inputs), ["a/10.webp", "a/2.JPG", "b.png"]);
        assert!(inputs.failures.is_empty());
    }

    #[test]
    fn globs_keep_the_path_below_their_fixed_part() {
        let folder = folder_with(&["a/x.png", "b/x.png", "b/x.txt"]);
        let inputs = Inputs::find(&[folder.path().join("*/x.*")]);
        assert_eq!(relative(&inputs), ["a/x.png", "b/x.png"]);
    }

    #[test]
    fn a_file_named_outright_may_have_any_ending_and_glob_signs() {
        let folder = folder_with(&["frame[1].dat"]);
        let inputs = Inputs::find(&[folder.path().join("frame[1].dat")]);
        assert_eq!(relative(&inputs), ["frame[1].dat"]);
    }

    #[test]
    fn arguments_without_pictures_are_failures_beside_the_rest() {
        let folder = folder_with(&["ok.png", "empty/readme.txt"]);
        let at = |name: &str| folder.path().join(name);
        let inputs = Inputs::find(&[
            at("none.png"),
            at("empty"),
            at("ok.png"),
            at("*.bmp"),
            at("["),
        ]);
        assert_eq!(relative(&inputs), ["ok.png"]);
        let failed: Vec<_> = inputs
            .failures
            .iter()
            .map(|(path, _)| path.clone())
            .collect();
        assert_eq!(failed, [at("none.png"), at("empty"), at("*.bmp"), at("[")]);
    }
}
