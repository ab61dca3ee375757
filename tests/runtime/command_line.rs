//! One shape for all subcommands: how the bundle is named, how errors look, and what a shell
//! completes.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::harness::{Folder, Run, cfa_run, tiny_bundle};

#[test]
fn the_bundle_is_named_in_two_ways_everywhere() {
    let (bundle, folder) = (tiny_bundle(), Folder::new());
    let bundle = bundle.to_str().unwrap();
    let picture = folder.draw("a.png", 40, 30, 1);
    let picture = picture.to_str().unwrap();
    for subcommand in ["info", "verify", "bench"] {
        let more: &[&str] = if subcommand == "bench" {
            &["--rounds=1"]
        } else {
            &[]
        };
        for named in [&[bundle][..], &["--model", bundle]] {
            let run = cfa_run([&[subcommand][..], named, more].concat());
            assert_eq!(
                run.code(),
                Some(0),
                "{subcommand} {named:?}: {}",
                run.stderr()
            );
        }
        cfa_run([subcommand, bundle, "--model", bundle]).refused(&["error:", "--model"]);
        cfa_run([subcommand]).refused(&["error:", "MODEL"]);
    }
    let option = cfa_run(["predict", "--json", "--model", bundle, picture]).fine();
    let position = cfa_run(["predict", "--json", bundle, picture]).fine();
    assert_eq!(option[0]["score"], position[0]["score"]);
    assert_eq!(position.len(), 1);
}

#[test]
fn predict_says_what_to_name() {
    let (bundle, folder) = (tiny_bundle(), Folder::new());
    let bundle = bundle.to_str().unwrap();
    let picture = folder.draw("a.png", 40, 30, 1);
    let picture = picture.to_str().unwrap();
    let twice = cfa_run(["predict", "--model", bundle, bundle, picture]);
    twice.refused(&["error: two bundles are named", "name one"]);
    cfa_run(["predict", bundle]).refused(&["error: no pictures are named", "predict MODEL PATH"]);
    cfa_run(["predict", picture]).refused(&["error: no bundle is named", "--model MODEL"]);
    let run = cfa_run(["predict", picture, picture]);
    run.refused(&[
        "error:",
        picture,
        "is taken as the bundle",
        "--model is missing",
    ]);
}

#[test]
fn help_names_the_exit_codes_and_the_experimental_options() {
    let help = cfa_run(["predict", "--help"]).stdout();
    for words in [
        "Exit codes:",
        "  1  ",
        "[default: 100000000]",
        "[default: 65535]",
    ] {
        assert!(help.contains(words), "{words:?} is not in: {help}");
    }
    assert_eq!(
        help.to_lowercase().matches("experimental").count(),
        2,
        "{help}"
    );
}

#[test]
fn shells_complete_every_subcommand() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = cfa_run(["completions", shell]).stdout();
        for subcommand in ["predict", "verify", "bench", "info", "check", "completions"] {
            assert!(script.contains(subcommand), "{shell} lacks {subcommand}");
        }
    }
    accepted_by_bash(&cfa_run(["completions", "bash"]));
    cfa_run(["completions", "abacus"]).refused(&["error:", "abacus", "bash"]);
}

/// `bash -n` reads the script without running it.
fn accepted_by_bash(run: &Run) {
    let mut bash = Command::new("bash");
    let Ok(mut child) = bash.arg("-n").stdin(Stdio::piped()).spawn() else {
        return;
    };
    let mut input = child.stdin.take().unwrap();
    input.write_all(run.stdout().as_bytes()).unwrap();
    drop(input);
    assert!(child.wait().unwrap().success());
}
