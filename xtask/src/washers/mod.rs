//! The demo's sample pictures: machined washers on a conveyor belt, drawn.

mod defect;
mod picture;
mod scene;
mod shape;
mod texture;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use rayon::prelude::*;

use self::defect::Kind;
use crate::progress;

/// Goes up with each change of the pictures, so that old ones are replaced.
const VERSION: &str = "washers 1\n";
const VERSION_FILE: &str = "generator-version.txt";
const GOOD_TRAIN: u64 = 40;
const GOOD_TEST: u64 = 20;
const DEFECTIVE_OF_A_KIND: u64 = 6;

/// Draws the data set into `folder`, in the `MVTec` layout, unless it is
/// already there. The folder appears only once it is complete.
pub(crate) fn draw(folder: &Path) -> Result<()> {
    if fs::read_to_string(folder.join(VERSION_FILE)).is_ok_and(|found| found == VERSION) {
        eprintln!("  the pictures are already in {}", folder.display());
        return Ok(());
    }
    let partial = folder.with_extension("partial");
    remove(&partial)?;
    let pictures = plan();
    let bar = progress::items("drawing", pictures.len() as u64);
    pictures.par_iter().try_for_each(|picture| {
        picture.write(&partial)?;
        bar.inc(1);
        anyhow::Ok(())
    })?;
    bar.finish_and_clear();
    fs::write(partial.join(VERSION_FILE), VERSION).context("cannot write the sample pictures")?;
    remove(folder)?;
    fs::rename(&partial, folder).with_context(|| format!("cannot create {}", folder.display()))
}

/// One picture of the data set.
#[derive(Debug)]
struct Planned {
    number: u64,
    split: &'static str,
    kind: Option<Kind>,
    stem: String,
}

fn plan() -> Vec<Planned> {
    let groups = [("train", None, GOOD_TRAIN), ("test", None, GOOD_TEST)];
    let defective = Kind::ALL.map(|kind| ("test", Some(kind), DEFECTIVE_OF_A_KIND));
    let mut pictures = Vec::new();
    for (split, kind, count) in groups.into_iter().chain(defective) {
        for index in 0..count {
            let number = pictures.len() as u64;
            pictures.push(Planned {
                number,
                split,
                kind,
                stem: format!("{index:03}"),
            });
        }
    }
    pictures
}

impl Planned {
    fn write(&self, root: &Path) -> Result<()> {
        let group = self.kind.map_or("good", Kind::folder);
        let drawn = picture::draw(self.number, self.kind);
        let path = root
            .join(self.split)
            .join(group)
            .join(format!("{}.png", self.stem));
        save(&path, |path| drawn.image.save(path))?;
        if let Some(mask) = drawn.mask {
            let path = root
                .join("ground_truth")
                .join(group)
                .join(format!("{}_mask.png", self.stem));
            save(&path, |path| mask.save(path))?;
        }
        Ok(())
    }
}

fn save(path: &Path, write: impl FnOnce(&PathBuf) -> image::ImageResult<()>) -> Result<()> {
    let context = || format!("cannot write {}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(context)?;
    }
    write(&path.to_path_buf()).with_context(context)
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn the_plan_has_the_promised_numbers() {
        let pictures = plan();
        let count = |split: &str, good: bool| {
            pictures
                .iter()
                .filter(|picture| picture.split == split && picture.kind.is_none() == good)
                .count()
        };
        assert_eq!(
            (
                count("train", true),
                count("test", true),
                count("test", false)
            ),
            (40, 20, 30)
        );
        assert_eq!(count("train", false), 0);
    }

    #[test]
    fn an_interrupted_drawing_is_started_again_and_a_complete_one_kept() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("washers");
        fs::create_dir_all(folder.with_extension("partial").join("train/stale")).unwrap();
        fs::create_dir_all(folder.join("old")).unwrap();
        draw(&folder).unwrap();
        assert!(!folder.join("old").exists() && !folder.join("train/stale").exists());
        assert_eq!(fs::read_dir(folder.join("train/good")).unwrap().count(), 40);
        assert_eq!(
            fs::read_dir(folder.join("ground_truth/burr"))
                .unwrap()
                .count(),
            6
        );
        let before = fs::metadata(folder.join("train/good/000.png"))
            .unwrap()
            .modified()
            .unwrap();
        draw(&folder).unwrap();
        assert_eq!(
            fs::metadata(folder.join("train/good/000.png"))
                .unwrap()
                .modified()
                .unwrap(),
            before
        );
    }
}
