//! From arguments to picture files.

mod folder;
mod passed_over;
mod pattern;

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
        let relative = path.file_name().map(PathBuf::from).unwrap_or_default();
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]

    use super::*;

    fn remarks(inputs: &Inputs) -> String {
        let all: Vec<_> = inputs.passed_over.remarks().collect();
        all.join("\n")
    }

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
        let remarks = remarks(&inputs);
        assert!(remarks.contains("1 file with the ending .txt"), "{remarks}");
        assert!(remarks.contains("1 file without an ending"), "{remarks}");
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

    #[test]
    fn hidden_files_and_folders_of_the_system_are_counted_and_named() {
        let folder = folder_with(&["a.png", "._a.png", ".trash/b.png", "@eaDir/a.png/S.jpg"]);
        for argument in [folder.path().to_owned(), folder.path().join("**/*")] {
            let inputs = Inputs::find(&[argument]);
            assert_eq!(relative(&inputs), ["a.png"]);
            assert_eq!(inputs.passed_over.count(), 3);
            let remarks = remarks(&inputs);
            assert!(
                remarks.contains("2 hidden") && remarks.contains("@eaDir"),
                "{remarks}"
            );
        }
        let asked_for = Inputs::find(&[folder.path().join("._*")]);
        assert_eq!(relative(&asked_for), ["._a.png"]);
    }

    #[test]
    fn brackets_of_a_folder_that_exists_are_meant_as_they_are() {
        let folder = folder_with(&["in[1]/a.png", "in1/b.png"]);
        let at = |name: &str| folder.path().join(name);
        assert_eq!(relative(&Inputs::find(&[at("in[1]/*.png")])), ["a.png"]);
        assert_eq!(relative(&Inputs::find(&[at("in[1]")])), ["a.png"]);
        assert_eq!(relative(&Inputs::find(&[at("in[2]/[[]*")])), [""; 0]);
        let none = Inputs::find(&[at("in[1]/a[1].png")]);
        let error = none.failures[0].1.to_string();
        assert!(error.contains("[[]"), "{error}");
    }

    #[test]
    fn a_folder_that_a_pattern_matches_is_told() {
        let folder = folder_with(&["a.png", "sub/b.png"]);
        let inputs = Inputs::find(&[folder.path().join("*")]);
        assert_eq!(relative(&inputs), ["a.png"]);
        assert!(remarks(&inputs).contains("1 folder that matches"));
    }

    #[cfg(unix)]
    mod on_unix {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        use std::os::unix::fs::symlink;

        use super::*;

        #[test]
        fn linked_folders_are_searched_and_circles_are_not() {
            let folder = folder_with(&["in/a.png", "elsewhere/b.png"]);
            let at = |name: &str| folder.path().join(name);
            symlink(at("elsewhere"), at("in/linked")).unwrap();
            symlink(at("in"), at("elsewhere/back")).unwrap();
            let inputs = Inputs::find(&[at("in")]);
            assert_eq!(relative(&inputs), ["a.png", "linked/b.png"]);
            assert!(inputs.failures.is_empty());
            assert!(remarks(&inputs).contains("1 link to a folder around it"));
        }

        #[test]
        fn a_broken_link_fails_and_the_rest_goes_on() {
            let folder = folder_with(&["a.png"]);
            let link = folder.path().join("gone.png");
            symlink("/no/such/file.png", &link).unwrap();
            for argument in [folder.path().to_owned(), folder.path().join("*.png")] {
                let inputs = Inputs::find(&[argument]);
                assert_eq!(relative(&inputs), ["a.png"]);
                let [(path, error)] = &inputs.failures[..] else {
                    unreachable!("one link")
                };
                assert_eq!(path, &link);
                assert!(error.to_string().contains("leads to nothing"), "{error}");
            }
        }

        #[test]
        fn names_that_are_not_text_are_found_by_folder_and_pattern() {
            let folder = tempfile::tempdir().unwrap();
            let picture = folder.path().join(OsStr::from_bytes(b"part_\xff.png"));
            fs::write(&picture, b"").unwrap();
            for argument in [folder.path().to_owned(), folder.path().join("part_*.png")] {
                let inputs = Inputs::find(&[argument]);
                assert_eq!(inputs.pictures[0].path, picture);
            }
        }
    }
}
