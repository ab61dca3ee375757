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
    for (picture, map) in [(&tiff, "disc.tiff.tiff"), (&png, "disc.png.tiff")] {
        program.say(picture);
        let answer = program.json();
        assert!(answer["score"].is_number(), "{answer}");
        assert_eq!(answer["saved"]["tiff"], folder.at(map).to_str().unwrap());
    }
    assert_eq!(program.end(), Some(0));
    assert_eq!(std::fs::read(&tiff).unwrap(), bytes);
}

/// A camera that writes every frame to one file.
#[test]
fn a_name_that_comes_again_gets_other_files() {
    let folder = Folder::new();
    let out = folder.at("out");
    let save = ["--save", "overlay,tiff", "--out", out.to_str().unwrap()];
    let mut program = Conversation::start(&[&["--json"], &save[..]].concat());
    let mut maps = Vec::new();
    for seed in 0..9 {
        program.say(&folder.draw("frame.png", 64, 64, seed));
        let answer = program.json();
        let file = answer["saved"]["tiff"].as_str().unwrap().to_owned();
        let map = std::fs::read(&file).unwrap();
        assert!(!maps.contains(&(file.clone(), map.clone())));
        maps.push((file, map));
    }
    assert_eq!(program.end(), Some(0));
    for (file, map) in &maps {
        assert_eq!(&std::fs::read(file).unwrap(), map, "{file} was replaced");
    }
    let names = [
        "frame.tiff",
        "frame.png.tiff",
        "frame.png_2.tiff",
        "frame.png_3.tiff",
    ];
    for (name, (file, _map)) in names.iter().zip(&maps) {
        assert_eq!(file, out.join(name).to_str().unwrap());
    }
}

#[test]
fn a_saved_result_is_answered_and_not_inspected() {
    let folder = Folder::new();
    let picture = folder.draw("disc.png", 64, 64, 1);
    let out = folder.at("out");
    let save = [
        "--json",
        "--save",
        "heatmap",
        "--out",
        out.to_str().unwrap(),
    ];
    predict(save.into_iter().chain([picture.to_str().unwrap()])).fine();
    let mut program = Conversation::start(&["--json"]);
    program.say(&out.join("disc_heatmap.png"));
    let answer = program.json();
    assert!(answer["passed_over"].is_string(), "{answer}");
    program.say(&picture);
    assert!(program.json()["score"].is_number());
    assert_eq!(program.end(), Some(0));
}

#[cfg(unix)]
#[test]
fn paths_that_end_with_zero_may_hold_line_breaks() {
    let folder = Folder::new();
    let picture = folder.draw("a\nb.png", 64, 64, 1);
    let mut program = Conversation::start(&["--json", "-0"]);
    write!(program.paths, "{}\0", picture.display()).unwrap();
    assert_eq!(program.json()["path"], picture.to_str().unwrap());
    assert_eq!(program.end(), Some(0));
}
