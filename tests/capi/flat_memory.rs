//! Memory stays flat over thousands of pictures, in each way to inspect them.

use std::path::{Path, PathBuf};
use std::process::Command;

use cfa_runtime::Bundle;
use cfa_runtime::bundle::write_bundle;

use crate::workbench::{Workbench, bundle, command, onnxruntime, run, source, succeeds};

/// The allocator keeps up to 250 KiB more or less over 2500 pictures, which is 100 bytes for each.
/// A leak of 400 bytes for each is seen (see the last test).
const ALLOWED_BYTES_PER_ROUND: usize = 200;

/// How often something is done, and how often before memory is looked at for the first time.
struct Rounds {
    all: usize,
    warm_up: usize,
}

const PICTURES: Rounds = Rounds {
    all: 3000,
    warm_up: 500,
};
const SESSIONS: Rounds = Rounds {
    all: 250,
    warm_up: 50,
};

fn program(bench: &Workbench, more: &[&str]) -> PathBuf {
    let arguments = [&["-std=c11", "-O1"], more].concat();
    bench.program("gcc", &arguments, &source("flat.c"))
}

fn rounds(
    program: &Path,
    bundle: &Path,
    way: &str,
    rounds: &Rounds,
    allowed_kib: usize,
) -> Command {
    let mut flat = command(program, [&onnxruntime(), bundle]);
    let numbers = [rounds.all, rounds.warm_up, allowed_kib];
    flat.arg(way).args(numbers.map(|number| number.to_string()));
    flat
}

fn allowed_kib(rounds: &Rounds) -> usize {
    (rounds.all - rounds.warm_up) * ALLOWED_BYTES_PER_ROUND / 1024
}

#[test]
fn pictures_leave_nothing_behind_in_any_way() {
    let bench = Workbench::new();
    let program = program(&bench, &[]);
    for way in ["picture", "encoded", "maps", "batch", "errors", "told"] {
        let allowed = allowed_kib(&PICTURES);
        let mut flat = rounds(&program, &bundle(), way, &PICTURES, allowed);
        println!("{}", succeeds(&mut flat));
    }
}

/// ONNX Runtime warns of this network each time it is opened. What the allocator keeps of
/// so large pieces is more than of pictures; a leak of one session is more still.
#[test]
fn sessions_leave_nothing_behind_and_warnings_neither() {
    let bench = Workbench::new();
    let program = program(&bench, &[]);
    let mut parts = Bundle::open(&bundle()).unwrap().into_parts();
    // One more initializer, a float named `unused` that no node reads.
    let unused = b"\x3a\x14\x2a\x12\x08\x01\x10\x01\x42\x06unused\x4a\x04\0\0\0\0";
    parts.network_onnx.extend(unused);
    let warned_of = bench.at("warned_of.cfa");
    write_bundle(&warned_of, parts).unwrap();
    let mut flat = rounds(&program, &warned_of, "sessions", &SESSIONS, 1024);
    println!("{}", succeeds(&mut flat));
}

#[test]
fn the_guard_sees_a_leak_of_a_few_bytes_a_picture() {
    let bench = Workbench::new();
    let program = program(&bench, &["-DLEAK=400"]);
    let allowed = allowed_kib(&PICTURES);
    let mut flat = rounds(&program, &bundle(), "picture", &PICTURES, allowed);
    let output = run(&mut flat);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}
