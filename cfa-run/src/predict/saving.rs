//! Files saved beside the result.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::{Error, Result, anyhow};
use cfa_runtime::bundle::HeatmapRange;
use cfa_runtime::{Inspection, create_atomically, write_atomically};

use super::artefact::Artefact;
use super::file_names::FileNames;
use super::interruption::Interruption;
use crate::inputs::Input;

/// What was saved for one picture, and what could not be.
#[derive(Debug, Default)]
pub(super) struct Saved {
    files: Vec<(Artefact, PathBuf)>,
    failures: Vec<(Artefact, Error)>,
    /// Whether the usual names were taken.
    pub(super) is_renamed: bool,
}

impl Saved {
    pub(super) fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let files = self.files.iter();
        files.map(|(artefact, path)| (artefact.name(), path.as_path()))
    }

    pub(super) fn failures(&self) -> impl Iterator<Item = (&'static str, &Error)> {
        let failures = self.failures.iter();
        failures.map(|(artefact, error)| (artefact.name(), error))
    }
}

/// Saves files below one folder, and never one over a picture or over another of this run.
#[derive(Debug)]
pub(super) struct Saver {
    artefacts: Vec<Artefact>,
    range: HeatmapRange,
    names: FileNames,
    interruption: Interruption,
}

impl Saver {
    pub(super) fn new(folder: &Path, artefacts: &[Artefact], range: HeatmapRange) -> Result<Self> {
        let mut artefacts = artefacts.to_vec();
        artefacts.sort_unstable();
        artefacts.dedup();
        Ok(Self {
            artefacts,
            range,
            names: FileNames::new(folder),
            interruption: Interruption::watched()?,
        })
    }

    /// What cannot be saved is part of the answer: the result of the picture stands.
    pub(super) fn save(&self, input: &Input, inspection: &Inspection) -> Saved {
        let mut saved = Saved::default();
        let Some(stem) = self.names.stem(&input.relative, &self.artefacts) else {
            let taken = |&artefact| (artefact, anyhow!("all names for its files are taken"));
            saved.failures = self.artefacts.iter().map(taken).collect();
            return saved;
        };
        saved.is_renamed = !stem.is_usual;
        for &artefact in &self.artefacts {
            let path = artefact.path(&stem.path);
            match self.save_one(artefact, inspection, &path) {
                Ok(()) => saved.files.push((artefact, path)),
                Err(error) => saved.failures.push((artefact, error)),
            }
        }
        saved
    }

    fn save_one(&self, artefact: Artefact, inspection: &Inspection, path: &Path) -> Result<()> {
        let bytes = artefact.encode(inspection, self.range)?;
        let _until_written = self.interruption.held_off();
        write(path, &bytes).map_err(|error| unwritable(path, error))
    }
}

/// A file that is there is the result of an earlier run.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    if path.symlink_metadata().is_ok() {
        return write_atomically(path, |file| file.write_all(bytes));
    }
    create_atomically(path, |file| file.write_all(bytes))
}

fn unwritable(path: &Path, error: io::Error) -> Error {
    let path = path.display();
    if error.kind() == ErrorKind::AlreadyExists {
        return anyhow!("{path} cannot be written: another program has just made it");
    }
    let advice = "is the folder writable and the disk not full?";
    Error::new(error).context(format!("{path} cannot be written; {advice}"))
}
