//! Output that cannot be written: an error that says so, and no panic.
#![cfg(target_os = "linux")]

use std::fs::{File, OpenOptions};
use std::process::{Command, Output, Stdio};

use crate::harness::{Folder, program, tiny_bundle};

fn full() -> File {
    OpenOptions::new().write(true).open("/dev/full").unwrap()
}

fn commands(folder: &Folder) -> Vec<Command> {
    let picture = folder.draw("disc.png", 64, 64, 1);
    let bundle = tiny_bundle();
    let command = |arguments: &[&str]| {
        let mut command = program();
        command.args(arguments);
        command
    };
    let with = |arguments: &[&str]| {
        let mut command = command(arguments);
        command.arg(&bundle);
        command
    };
    let mut all = vec![
        command(&["check"]),
        command(&["--help"]),
        command(&["check", "--json"]),
    ];
    for json in [&[][..], &["--json"]] {
        all.push(with(&[&["info"], json].concat()));
        all.push(with(&[&["verify"], json].concat()));
        all.push(with(
            &[&["bench", "--rounds=1"], json, &["--model"]].concat(),
        ));
        let mut predict = with(&[&["predict"], json, &["--model"]].concat());
        predict.arg(&picture);
        all.push(predict);
    }
    all
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_full_standard_output_is_named() {
    let folder = Folder::new();
    for mut command in commands(&folder) {
        let output = command.stdout(full()).output().unwrap();
        let told = told(&output);
        assert_eq!(output.status.code(), Some(2), "{command:?}: {told}");
        assert!(
            told.contains("standard output cannot be written"),
            "{command:?}: {told}"
        );
        assert!(!told.contains("panicked"), "{told}");
    }
}

/// Remarks and errors cannot be told; results and exit code stay.
#[test]
fn a_full_standard_error_changes_nothing_else() {
    let folder = Folder::new();
    for mut command in commands(&folder) {
        let output = command.stderr(full()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{command:?}");
        assert!(!output.stdout.is_empty(), "{command:?}");
    }
    let mut missing = program();
    missing
        .args(["predict", "--json", "no.png", "--model"])
        .arg(tiny_bundle());
    let output = missing.stderr(full()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let nonsense = program().arg("nonsense").stderr(full()).output().unwrap();
    assert_eq!(nonsense.status.code(), Some(2));
}

#[test]
fn closed_outputs_change_no_exit_code() {
    let folder = Folder::new();
    for command in commands(&folder) {
        for closed in [">&-", "2>&-", ">&- 2>&-"] {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(format!("exec \"$0\" \"$@\" {closed}"));
            shell.arg(command.get_program()).args(command.get_args());
            shell.env_remove("HOME").env_remove("XDG_CACHE_HOME");
            let output = shell.stdin(Stdio::null()).output().unwrap();
            assert_eq!(
                output.status.code(),
                Some(0),
                "{command:?} {closed}: {}",
                told(&output)
            );
        }
    }
}

#[test]
fn a_library_that_cannot_be_loaded_is_named_with_the_reason() {
    let folder = Folder::new();
    let file = folder.write("libonnxruntime.so", &[b'x'; 4096]);
    let mut command = program();
    command
        .arg("verify")
        .arg(tiny_bundle())
        .env("ORT_DYLIB_PATH", &file);
    let output = command.output().unwrap();
    let told = told(&output);
    assert_eq!(output.status.code(), Some(2), "{told}");
    for words in [
        file.to_str().unwrap(),
        "not a shared library",
        "ELF",
        "ORT_DYLIB_PATH",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
}
