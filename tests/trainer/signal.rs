//! Ctrl-C.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::workshop::Workshop;

/// Starts an endless training, interrupts it at the first event of this kind, and
/// gives exit code and standard error.
fn interrupted_at(workshop: &Workshop, event: &str) -> (Option<i32>, String) {
    let mut command = workshop.command(&[("--epochs", "1000000")]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let kind = format!("\"event\":\"{event}\"");
    assert!(
        lines.by_ref().any(|line| line.unwrap().contains(&kind)),
        "no event {event}"
    );
    let process = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &process])
            .status()
            .unwrap()
            .success()
    );
    let rest = lines.map_while(Result::ok).count();
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert!(rest < 100_000, "it went on");
    (child.wait().unwrap().code(), said)
}

#[test]
fn during_training_it_leaves_a_checkpoint() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let (code, said) = interrupted_at(&workshop, "epoch");
    assert_eq!(code, Some(130), "{said}");
    assert!(
        said.contains("--resume") && said.contains("model.cfa.checkpoint"),
        "{said}"
    );
    assert!(workshop.at("model.cfa.checkpoint").is_file());
    assert!(!workshop.at("model.cfa").exists());
}

#[test]
fn before_training_it_says_that_nothing_was_written() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    for copy in 10..60 {
        workshop.draw(&format!("data/{copy}.png"), copy % 7);
    }
    let (code, said) = interrupted_at(&workshop, "checking");
    assert_eq!(code, Some(130), "{said}");
    assert!(said.contains("nothing was changed"), "{said}");
    assert!(!workshop.at("model.cfa.checkpoint").exists());
}

/// The weights come from a pipe that nobody writes to: nothing there asks for Ctrl-C.
#[test]
fn a_second_press_ends_it_at_once() {
    let Some(mut workshop) = Workshop::new() else {
        return;
    };
    workshop.weights = workshop.at("pipe");
    let made = Command::new("mkfifo").arg(&workshop.weights).status();
    assert!(made.unwrap().success());
    let mut child = workshop
        .command(&[])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("held_out")));
    let process = child.id().to_string();
    let press = || Command::new("kill").args(["-INT", &process]).status();
    press().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(child.try_wait().unwrap(), None, "the first is noted only");
    press().unwrap();
    std::thread::sleep(Duration::from_secs(1));
    // It would wait for its weights for ever.
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
