//! Names of saved files: each picture gets its own, and nothing is written over a picture.

use std::cell::Cell;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::iter;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use cfa_runtime::picture::is_saved_result;

use super::artefact::Artefact;

/// Clocks of file systems go in steps, none of them longer.
const CLOCK_STEP: Duration = Duration::from_secs(2);

/// The marks lie in the first or the last bytes of a file.
const EDGE_BYTES: u64 = 1024;

/// Finds names that are free. The files themselves tell which are, so no list of names
/// grows with the number of pictures.
///
/// Free is a name without a file, and that of a result from before this run.
#[derive(Debug)]
pub(super) struct FileNames {
    folder: PathBuf,
    began: Cell<SystemTime>,
}

/// Where the files of a picture go, but for the last part of their names.
#[derive(Debug)]
pub(super) struct Stem {
    pub(super) path: PathBuf,
    /// Whether it is the usual one.
    pub(super) is_usual: bool,
}

impl FileNames {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            began: Cell::new(now_in(folder)),
        }
    }

    /// The first of the names for this picture that is free for all its files; `None` if
    /// there is none.
    pub(super) fn stem(&self, relative: &Path, artefacts: &[Artefact]) -> Option<Stem> {
        self.follow_clock();
        let name = inside(relative);
        let stem = |number: u64| self.folder.join(numbered(&name, number));
        let is_free = |number: &u64| {
            let stem = stem(*number);
            artefacts
                .iter()
                .all(|artefact| self.is_free(&artefact.path(&stem)))
        };
        let number = first_free(is_free)?;
        Some(Stem {
            path: stem(number),
            is_usual: number == 0,
        })
    }

    /// Where the clock is set back, files of this run must not look older than the run.
    fn follow_clock(&self) {
        let now = SystemTime::now();
        if now < self.began.get() {
            self.began.set(now - CLOCK_STEP);
        }
    }

    fn is_free(&self, path: &Path) -> bool {
        match path.symlink_metadata() {
            Ok(file) => file.is_file() && self.is_earlier_result(path, &file),
            // Nothing is there, or the writing will tell what is wrong.
            Err(_missing) => true,
        }
    }

    fn is_earlier_result(&self, path: &Path, file: &Metadata) -> bool {
        let began = self.began.get();
        let is_older = file.modified().is_ok_and(|changed| changed < began);
        is_older && edges(path, file.len()).is_ok_and(|content| is_saved_result(&content))
    }
}

/// By the clock of the file system, which may be that of another machine; made if missing.
fn now_in(folder: &Path) -> SystemTime {
    let changed = fs::create_dir_all(folder)
        .and_then(|()| tempfile::tempfile_in(folder))
        .and_then(|file| file.metadata()?.modified());
    // If nothing can be made there, each file tells why.
    changed.unwrap_or_else(|_unwritable| SystemTime::now())
}

/// The first and the last bytes of a file.
fn edges(path: &Path, bytes: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut content = Vec::new();
    file.by_ref().take(EDGE_BYTES).read_to_end(&mut content)?;
    let last = bytes.saturating_sub(EDGE_BYTES).max(content.len() as u64);
    file.seek(SeekFrom::Start(last))?;
    file.take(EDGE_BYTES).read_to_end(&mut content)?;
    Ok(content)
}

/// Ways upwards are left out, so that nothing lands outside the output folder.
fn inside(relative: &Path) -> PathBuf {
    let parts = relative.components();
    parts
        .filter(|part| matches!(part, Component::Normal(_)))
        .collect()
}

/// `000.png` to `000`, `000.png`, `000.png_2`, `000.png_3` and so on.
fn numbered(name: &Path, number: u64) -> PathBuf {
    let part = match number {
        0 => name.file_stem(),
        _ => name.file_name(),
    };
    let mut numbered = part.unwrap_or(name.as_os_str()).to_owned();
    if number > 1 {
        numbered.push(format!("_{number}"));
    }
    name.with_file_name(numbered)
}

/// Where all numbers below the first free one are taken, it is that one, after few questions
/// even if there are many. Elsewhere it is some free number.
fn first_free(is_free: impl Fn(&u64) -> bool) -> Option<u64> {
    let doubling = iter::successors(Some(1_u64), |number| number.checked_mul(2));
    let mut free = iter::once(0).chain(doubling).find(&is_free)?;
    let mut taken = free / 2;
    while free - taken > 1 {
        let middle = taken + (free - taken) / 2;
        if is_free(&middle) {
            free = middle;
        } else {
            taken = middle;
        }
    }
    Some(free)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]

    use std::cell::Cell;
    use std::fs;
    use std::thread::sleep;

    use super::*;

    #[test]
    fn the_first_free_number_is_found_in_few_questions() {
        for taken in [0, 1, 2, 3, 4, 7, 8, 9, 100_000] {
            let asked = Cell::new(0);
            let is_free = |number: &u64| {
                asked.set(asked.get() + 1);
                *number >= taken
            };
            assert_eq!(first_free(is_free), Some(taken));
            assert!(asked.get() <= 40, "{} questions", asked.get());
        }
        assert_eq!(first_free(|_number| false), None);
    }

    #[test]
    fn names_keep_the_ending_before_they_are_numbered() {
        let names = [0, 1, 2, 3].map(|number| numbered(Path::new("a/b.c.png"), number));
        let expected = ["a/b.c", "a/b.c.png", "a/b.c.png_2", "a/b.c.png_3"];
        assert_eq!(names, expected.map(PathBuf::from));
        assert_eq!(inside(Path::new("../../a.png")), Path::new("a.png"));
    }

    #[test]
    fn results_of_earlier_runs_alone_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.tiff");
        let usual = |names: &FileNames| {
            let stem = names.stem(Path::new("a.png"), &[Artefact::Tiff]);
            stem.unwrap().is_usual
        };
        let map = cfa_runtime::AnomalyMap {
            values: cfa_runtime::ndarray::Array2::zeros((64, 64)),
        };
        let result = cfa_runtime::render::tiff_bytes(&map).unwrap();
        let save = |content: &[u8]| {
            fs::write(&file, content).unwrap();
            // The clock of a file system has steps of some milliseconds.
            sleep(Duration::from_millis(50));
        };
        let first = FileNames::new(folder.path());
        assert!(usual(&first));
        save(&result);
        assert!(!usual(&first));
        let second = FileNames::new(folder.path());
        assert!(usual(&second));
        save(&result);
        assert!(!usual(&second) && !usual(&first));
        save(b"a picture");
        assert!(!usual(&FileNames::new(folder.path())));
        // The clock was set back by a day in the middle of the third run.
        let third = FileNames::new(folder.path());
        third
            .began
            .set(SystemTime::now() + Duration::from_hours(24));
        assert!(!usual(&third));
        save(&result);
        assert!(!usual(&third));
    }
}
