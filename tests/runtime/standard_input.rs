//! `cfa-run predict -`: paths come one by one on standard input.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::Value;

use crate::harness::{Folder, predict, program, tiny_bundle};

/// A running `cfa-run predict … -`.
struct Conversation {
    child: Child,
    paths: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Conversation {
    fn start(options: &[&str]) -> Self {
        let mut child = program()
            .args(["predict", "--model"])
            .arg(tiny_bundle())
            .args(options)
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

    fn say(&mut self, path: &Path) {
        writeln!(self.paths, "{}", path.display()).unwrap();
    }

    /// Waits for a line; would wait for ever if it came only after the next path.
    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line
    }

    fn json(&mut self) -> Value {
        serde_json::from_str(&self.answer()).unwrap()
    }

    fn end(self) -> Option<i32> {
        let Self {
            mut child, paths, ..
        } = self;
        drop(paths);
        child.wait().unwrap().code()
    }
}

#[test]
fn each_path_is_answered_before_the_next_is_written() {
    let folder = Folder::new();
    for options in [&["--json"][..], &["--json", "--batch", "8"]] {
        let mut program = Conversation::start(options);
        for seed in 0..3 {
            let picture = folder.draw(&format!("{seed}.png"), 64, 64, seed);
            program.say(Path::new(""));
            program.say(&picture);
            let alone = &predict([picture.to_str().unwrap(), "--json"]).fine()[0];
            let answer = program.json();
            for key in ["path", "score", "map", "peak"] {
                assert_eq!(answer[key], alone[key]);
            }
        }
        assert_eq!(program.end(), Some(0));
    }
}

#[test]
fn a_picture_that_fails_is_told_and_the_rest_goes_on() {
    let folder = Folder::new();
    let picture = folder.draw("disc.png", 64, 64, 1);
    let mut program = Conversation::start(&["--json"]);
    for bad in [folder.at("none.png"), folder.at("")] {
        program.say(&bad);
        let answer = program.json();
        assert_eq!(answer["path"], bad.to_str().unwrap());
        assert!(answer["error"].is_string(), "{answer}");
    }
    program.say(&picture);
    assert!(program.json()["score"].is_number());
    assert_eq!(program.end(), Some(2));
}

#[test]
fn a_table_has_its_rows_at_once_too_and_listed_pictures_first() {
    let folder = Folder::new();
    let [listed, named] = [1, 2].map(|seed| folder.draw(&format!("{seed}.png"), 64, 64, seed));
    let mut program = Conversation::start(&[listed.to_str().unwrap(), "--threshold", "0"]);
    assert!(program.answer().starts_with("path"));
    assert!(program.answer().contains("1.png"));
    program.say(&named);
    assert!(program.answer().contains("2.png"));
    assert_eq!(program.end(), Some(1));
}

/// The picture of the second line is where the first one's map would go.
#[test]
fn nothing_is_saved_over_a_picture_that_was_named_before() {
    let folder = Folder::new();
    let tiff = folder.draw("disc.tiff", 64, 64, 1);
    let png = folder.draw("disc.png", 64, 64, 2);
    let bytes = std::fs::read(&tiff).unwrap();
    let out = folder.at("");
    let options = ["--json", "--save", "tiff", "--out", out.to_str().unwrap()];
    let mut program = Conversation::start(&options);
    for picture in [&tiff, &png] {
        program.say(picture);
        let answer = program.json();
        let error = answer["error"].as_str().unwrap();
        assert!(error.contains("would replace"), "{error}");
    }
    assert_eq!(program.end(), Some(2));
    assert_eq!(std::fs::read(&tiff).unwrap(), bytes);
}
