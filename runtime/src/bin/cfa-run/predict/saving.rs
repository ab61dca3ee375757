//! Files saved beside the result.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::io::Cursor;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};
use cfa_runtime::bundle::HeatmapRange;
use cfa_runtime::picture::{Picture, ReadOptions};
use cfa_runtime::render::{heatmap, overlay, tiff_bytes};
use cfa_runtime::{Inspection, write_atomically};
use clap::ValueEnum;
use image::{ImageFormat, RgbImage};

use crate::inputs::{Input, Inputs};

/// Something that can be saved for a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Artefact {
    /// The map in colours, PNG in the picture's size
    Heatmap,
    /// The picture with the map over it, PNG in the picture's size
    Overlay,
    /// Raw values, 32-bit floating-point TIFF in the map's size
    Tiff,
}

/// What was saved for one picture, and where.
#[derive(Debug, Default)]
pub(super) struct Saved(Vec<(Artefact, PathBuf)>);

impl Saved {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        self.0
            .iter()
            .map(|(artefact, path)| (artefact.name(), path.as_path()))
    }
}

/// Saves files below one folder, and never one over another or over a picture.
#[derive(Debug)]
pub(super) struct Saver {
    folder: PathBuf,
    artefacts: Vec<Artefact>,
    range: HeatmapRange,
    /// As the pictures were read that were inspected.
    reading: ReadOptions,
    /// What each path below the folder was taken by; pictures take their own.
    taken: BTreeMap<PathBuf, PathBuf>,
}

impl Saver {
    pub(super) fn new(
        folder: &Path,
        artefacts: &[Artefact],
        range: HeatmapRange,
        reading: ReadOptions,
        inputs: &Inputs,
    ) -> Self {
        let mut artefacts = artefacts.to_vec();
        artefacts.sort_unstable();
        artefacts.dedup();
        let pictures = inputs.pictures.iter().map(own_path);
        Self {
            folder: folder.to_owned(),
            artefacts,
            range,
            reading,
            taken: pictures.collect(),
        }
    }

    pub(super) fn save(&mut self, input: &Input, inspection: &Inspection) -> Result<Saved> {
        let targets = self.claim(input)?;
        for (artefact, path) in &targets.0 {
            let bytes = artefact.encode(&input.path, inspection, self.range, &self.reading)?;
            write(path, &bytes)?;
        }
        Ok(targets)
    }

    /// Where the files of a picture go, all of them free.
    fn claim(&mut self, input: &Input) -> Result<Saved> {
        let mut saved = Saved::default();
        // Not known yet if it was named on standard input.
        let (own, picture) = own_path(input);
        self.taken.entry(own).or_insert(picture);
        for &artefact in &self.artefacts {
            let path = self.folder.join(artefact.file_name(&input.relative));
            match self.taken.entry(absolute(&path)) {
                Entry::Vacant(free) => free.insert(input.path.clone()),
                Entry::Occupied(other) => bail!(
                    "{}: its {} would replace {}, which belongs to {}; give one of them another name or inspect them into different folders",
                    input.path.display(),
                    artefact.name(),
                    path.display(),
                    other.get().display(),
                ),
            };
            saved.0.push((artefact, path));
        }
        Ok(saved)
    }
}

impl Artefact {
    fn name(self) -> &'static str {
        match self {
            Self::Heatmap => "heatmap",
            Self::Overlay => "overlay",
            Self::Tiff => "tiff",
        }
    }

    /// `sub/000.png` to `sub/000_heatmap.png` and the like. Ways upwards are left
    /// out, so that nothing lands outside the output folder.
    fn file_name(self, relative: &Path) -> PathBuf {
        let inside = relative
            .components()
            .filter(|part| matches!(part, Component::Normal(_)));
        let inside: PathBuf = inside.collect();
        let mut name = inside.file_stem().unwrap_or_default().to_owned();
        name.push(match self {
            Self::Heatmap => "_heatmap.png",
            Self::Overlay => "_overlay.png",
            Self::Tiff => ".tiff",
        });
        inside.with_file_name(name)
    }

    fn encode(
        self,
        picture: &Path,
        inspection: &Inspection,
        range: HeatmapRange,
        reading: &ReadOptions,
    ) -> Result<Vec<u8>> {
        match self {
            Self::Heatmap => png(&heatmap(inspection, range)),
            Self::Overlay => {
                let picture = Picture::open(picture, reading)?;
                png(&overlay(&picture, inspection, range))
            }
            Self::Tiff => Ok(tiff_bytes(&inspection.map)?),
        }
    }
}

fn png(picture: &RgbImage) -> Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, ImageFormat::Png)
        .context("the picture could not be encoded as PNG")?;
    Ok(bytes.into_inner())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let written = path
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| write_atomically(path, |file| file.write_all(bytes)));
    written.with_context(|| {
        format!(
            "{} cannot be written; is the folder writable and the disk not full?",
            path.display()
        )
    })
}

/// What a picture takes by being there.
fn own_path(input: &Input) -> (PathBuf, PathBuf) {
    (absolute(&input.path), input.path.clone())
}

/// The same text for the same file, whether it exists yet or not.
fn absolute(path: &Path) -> PathBuf {
    let folder = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let folder = folder
        .canonicalize()
        .or_else(|_missing| std::path::absolute(folder));
    folder
        .unwrap_or_default()
        .join(path.file_name().unwrap_or_default())
}
