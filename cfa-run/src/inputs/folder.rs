//! Files in a folder and all below it, linked folders as well.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Error, anyhow};
use cfa_runtime::picture::{PICTURE_ENDINGS, is_system_folder};
use walkdir::{DirEntry, WalkDir};

use super::passed_over::{PassedOver, Reason};
use super::pattern::Pattern;

/// What a search has come upon.
#[derive(Debug, Default)]
pub(super) struct Search {
    pub(super) files: Vec<PathBuf>,
    /// What could not be read.
    pub(super) failures: Vec<(PathBuf, Error)>,
    pub(super) passed_over: PassedOver,
}

impl Search {
    /// All pictures below a folder, by their endings; with a pattern, those that match it.
    /// Sorted.
    pub(super) fn below(folder: &Path, pattern: Option<&Pattern>) -> Self {
        let mut search = Self::default();
        let depth = pattern.and_then(Pattern::depth).unwrap_or(usize::MAX);
        let mut walk = WalkDir::new(folder)
            .follow_links(true)
            .min_depth(1)
            .max_depth(depth)
            .into_iter();
        while let Some(entry) = walk.next() {
            match entry {
                Ok(entry) => {
                    if !search.take(&entry, folder, pattern) && entry.file_type().is_dir() {
                        walk.skip_current_dir();
                    }
                }
                Err(error) => search.failed(&error, folder, pattern),
            }
        }
        search.files.sort();
        search
    }

    /// Takes on what was found; whether to go into it, if it is a folder.
    fn take(&mut self, entry: &DirEntry, folder: &Path, pattern: Option<&Pattern>) -> bool {
        let below = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        let is_folder = entry.file_type().is_dir();
        let leads_on = is_folder && pattern.is_none_or(|pattern| pattern.leads_on(below));
        let matches = pattern.is_none_or(|pattern| pattern.matches(below));
        if !leads_on && !matches {
            return false;
        }
        match reason_against(entry, is_folder, leads_on, pattern) {
            Some(reason) => self.passed_over.add(reason, entry.path()),
            None if is_folder => return leads_on,
            None => self.files.push(entry.path().to_owned()),
        }
        false
    }

    fn failed(&mut self, error: &walkdir::Error, folder: &Path, pattern: Option<&Pattern>) {
        let path = error.path().unwrap_or(folder);
        let below = path.strip_prefix(folder).unwrap_or(path);
        let wanted = |pattern: &Pattern| pattern.leads_on(below) || pattern.matches(below);
        if error.depth() > 0 && !pattern.is_none_or(wanted) {
            return;
        }
        let hidden = error.depth() > 0 && path.file_name().is_some_and(is_hidden);
        if hidden && !pattern.is_some_and(Pattern::asks_for_hidden) {
            self.passed_over.add(Reason::Hidden, path);
        } else if error.loop_ancestor().is_some() {
            self.passed_over.add(Reason::Circle, path);
        } else {
            self.failures
                .push((path.to_owned(), explained(path, error)));
        }
    }
}

/// Why an entry is not inspected.
fn reason_against(
    entry: &DirEntry,
    is_folder: bool,
    leads_on: bool,
    pattern: Option<&Pattern>,
) -> Option<Reason> {
    if is_hidden(entry.file_name()) && !pattern.is_some_and(Pattern::asks_for_hidden) {
        return Some(Reason::Hidden);
    }
    if is_folder {
        let is_systems = is_system_folder(entry.file_name());
        let unsearched = (!leads_on).then_some(Reason::MatchedFolder);
        return is_systems.then_some(Reason::SystemFolder).or(unsearched);
    }
    if !entry.file_type().is_file() {
        return Some(Reason::NotAFile);
    }
    let Some(ending) = entry.path().extension() else {
        return Some(Reason::NoEnding);
    };
    let ending = ending.to_string_lossy().to_lowercase();
    (!PICTURE_ENDINGS.contains(&&*ending)).then_some(Reason::Ending(ending))
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

fn explained(path: &Path, error: &walkdir::Error) -> Error {
    let cause = error
        .io_error()
        .map_or_else(|| error.to_string(), io::Error::to_string);
    let is_link = path
        .symlink_metadata()
        .is_ok_and(|found| found.is_symlink());
    if is_link && error.io_error().map(io::Error::kind) == Some(io::ErrorKind::NotFound) {
        return anyhow!("{}: the link leads to nothing", path.display());
    }
    if path.is_dir() {
        return anyhow!("{}: the folder cannot be read: {cause}", path.display());
    }
    anyhow!("{}: cannot be read: {cause}", path.display())
}
