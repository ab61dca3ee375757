//! Weeks of `predict -`: memory stays flat, whatever is printed and saved.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use crate::harness::{Folder, program, tiny_bundle};

/// Until the allocator and the threads have settled.
const WARM_UP: usize = 400;
const PICTURES: usize = 1600;
/// A list of names took 0.44 KB a picture: 700 KB here. Two runs without such a list differ
/// by the noise of the allocator.
const MOST_GROWTH_KB: u64 = 350;

struct Inspection {
    child: Child,
    paths: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Inspection {
    fn start(options: &[&str], out: &Path) -> Self {
        let mut child = program()
            // One heap for all threads, which settles sooner.
            .env("MALLOC_ARENA_MAX", "1")
            .args(["predict", "--threads=1", "--threshold=0", "--model"])
            .arg(tiny_bundle())
            .args(options)
            .arg("--out")
            .arg(out)
            .arg("-")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            paths: child.stdin.take().unwrap(),
            answers: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    fn inspect(&mut self, path: &Path) {
        writeln!(self.paths, "{}", path.display()).unwrap();
        while !self.answer().contains("reject") {}
    }

    /// The first answer of a table is its header.
    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        assert!(
            line.contains("reject") || line.starts_with("path"),
            "{line:?}"
        );
        line
    }

    /// Memory in use that is not part of a file.
    fn memory_kb(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("RssAnon"))
            .unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    fn end(self) -> Option<i32> {
        let Self {
            mut child,
            paths,
            mut answers,
            ..
        } = self;
        drop(paths);
        std::io::copy(&mut answers, &mut std::io::sink()).unwrap();
        child.wait().unwrap().code()
    }
}

/// A picture of a new name each time, or of the same.
#[track_caller]
fn assert_flat(options: &[&str], new_names: bool) {
    let folder = Folder::new();
    let picture = folder.draw("picture.png", 32, 32, 1);
    // On a disk, each file would wait until it is written.
    let in_memory = Some(Path::new("/dev/shm")).filter(|folder| folder.is_dir());
    let out = tempfile::tempdir_in(in_memory.unwrap_or(&folder.at(""))).unwrap();
    let mut program = Inspection::start(options, out.path());
    let inspect = |number: usize, program: &mut Inspection| {
        let name = if new_names { number } else { 0 };
        let long = "a name as long as cameras give it with date and time";
        let path = folder.at(&format!("{long} {name:06}.png"));
        fs::hard_link(&picture, &path)
            .or_else(|_there| fs::metadata(&path).map(drop))
            .unwrap();
        program.inspect(&path);
        // The files are not what is measured.
        if new_names {
            fs::remove_file(path).unwrap();
        }
    };
    (0..WARM_UP).for_each(|number| inspect(number, &mut program));
    let before = program.memory_kb();
    (WARM_UP..WARM_UP + PICTURES).for_each(|number| inspect(number, &mut program));
    let growth = program.memory_kb().saturating_sub(before);
    println!("{options:?}, new names {new_names}: {growth} KB more after {PICTURES} pictures");
    assert!(growth < MOST_GROWTH_KB, "{options:?}: {growth} KB more");
    assert_eq!(program.end(), Some(1));
}

#[test]
fn memory_stays_flat_with_a_table() {
    assert_flat(&[], true);
}

#[test]
fn memory_stays_flat_with_json_and_batches() {
    assert_flat(&["--json", "--batch=8"], true);
}

#[test]
fn memory_stays_flat_while_all_is_saved() {
    assert_flat(&["--json", "--save=heatmap,overlay,tiff"], true);
}

#[test]
fn memory_stays_flat_while_one_name_comes_again() {
    assert_flat(&["--save=tiff"], false);
}
