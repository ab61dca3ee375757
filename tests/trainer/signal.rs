//! Ctrl-C.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

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
