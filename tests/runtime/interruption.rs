//! A signal ends the program between two files, never in the middle of one.
#![cfg(unix)]

use std::fs;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::harness::{Folder, program, tiny_bundle};

#[test]
fn no_file_is_left_unfinished() {
    let folder = Folder::new();
    let picture = folder.draw("disc.png", 1200, 900, 1);
    for (signal, number, wait) in [("TERM", 15, 0), ("INT", 2, 7), ("TERM", 15, 19)] {
        let out = folder.at(&format!("{signal}{wait}"));
        let mut child = program()
            .args(["predict", "--save=heatmap,overlay,tiff", "--model"])
            .arg(tiny_bundle())
            .arg("--out")
            .arg(&out)
            .arg("-")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut paths = child.stdin.take().unwrap();
        for _ in 0..200 {
            writeln!(paths, "{}", picture.display()).unwrap();
        }
        let started = Instant::now();
        while !out.join("disc.tiff").exists() {
            assert!(
                started.elapsed() < Duration::from_mins(1),
                "nothing is saved"
            );
            sleep(Duration::from_millis(1));
        }
        sleep(Duration::from_millis(wait));
        let pid = child.id().to_string();
        let killed = Command::new("kill")
            .args(["-s", signal, &pid])
            .status()
            .unwrap();
        assert!(killed.success());
        assert_eq!(child.wait().unwrap().signal(), Some(number));
        drop(paths);
        for file in fs::read_dir(&out).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            assert!(!name.ends_with(".partial"), "{name}");
            if path.extension().is_some_and(|ending| ending == "png") {
                image::open(&path).unwrap();
            }
        }
    }
}

#[test]
fn a_program_that_waits_ends_at_once() {
    let folder = Folder::new();
    let mut child = program()
        .args(["predict", "--save=tiff", "--model"])
        .arg(tiny_bundle())
        .arg("--out")
        .arg(folder.at("out"))
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut paths = child.stdin.take().unwrap();
    let picture = folder.draw("disc.png", 64, 64, 1);
    writeln!(paths, "{}", picture.display()).unwrap();
    while !folder.at("out/disc.tiff").exists() {
        sleep(Duration::from_millis(1));
    }
    let started = Instant::now();
    let pid = child.id().to_string();
    let killed = Command::new("kill")
        .args(["-s", "TERM", &pid])
        .status()
        .unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().signal(), Some(15));
    assert!(started.elapsed() < Duration::from_secs(4));
    drop(paths);
}
