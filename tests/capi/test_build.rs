//! The library built as a release with the features for tests: faults on demand, and a
//! fake network instead of ONNX Runtime, which no tool can look into.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use tempfile::TempDir;

use crate::callers::damaged_pictures;
use crate::library_file::{declared, exported};
use crate::workbench::{
    Workbench, built, bundle, command, has, install, libraries, memcheck, onnxruntime, root,
    source, succeeds,
};

/// The option that asks for a fake network.
const FAKE_NETWORK: &str = "fake-network";
/// A release, but that the packages from elsewhere are optimised less.
const PROFILE: &str = "release-for-tests";
const CONTROL: &str = "cfa_inject_fault";

/// Cargo's work on that build, in a folder that is kept.
fn cargo(subcommand: &str) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args([subcommand, "--package", "cfa-capi", "--lib"]);
    command.args(["--profile", PROFILE]);
    command.args(["--features", "fake-network,fault-injection"]);
    command.arg("--target-dir").arg(target_folder());
    command.current_dir(root());
    command
}

/// A folder with the library that has the features.
fn test_libraries() -> &'static Path {
    static INSTALLED: LazyLock<TempDir> = LazyLock::new(|| {
        succeeds(&mut cargo("build"));
        install(&target_folder().join(PROFILE).join("libcfa.so"))
    });
    INSTALLED.path()
}

fn target_folder() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    tests.ancestors().nth(3).unwrap().join("test-build")
}

/// A client as it would be shipped.
fn release_client(bench: &Workbench, name: &str) -> PathBuf {
    let arguments = ["-std=c11", "-O2", "-DNDEBUG"];
    bench.program_with(test_libraries(), "gcc", &arguments, &source(name))
}

/// Those for Miri and the sanitizers of rustc; `cargo xtask test` runs them under what is
/// installed of these.
#[test]
fn tests_in_rust_pass_without_onnx_runtime() {
    let said = succeeds(&mut cargo("test"));
    assert!(said.contains("two_threads_get_results"), "{said}");
}

#[test]
fn a_panic_behind_each_entry_point_is_caught() {
    let bench = Workbench::new();
    let program = release_client(&bench, "faults.c");
    for runtime in [FAKE_NETWORK.into(), onnxruntime()] {
        let said = succeeds(&mut command(&program, [runtime, bundle()]));
        let seen: BTreeSet<String> = said.lines().map(str::to_owned).collect();
        assert_eq!(seen, declared());
    }
}

/// A session survives that, and nothing is printed.
#[test]
fn a_panic_in_a_decoder_is_an_error_of_its_picture() {
    let bench = Workbench::new();
    let program = release_client(&bench, "damaged.c");
    for runtime in [FAKE_NETWORK.into(), onnxruntime()] {
        let said = damaged_pictures(&program, runtime);
        assert!(said.contains("its decoder has failed (injected)"), "{said}");
    }
}

#[test]
fn valgrind_finds_nothing_at_all_without_onnx_runtime() {
    let bench = Workbench::new();
    let program = release_client(&bench, "whole_way.c");
    let arguments = [FAKE_NETWORK.into(), bundle()];
    succeeds(&mut command(&program, arguments.clone()));
    if has("valgrind", "--version") {
        succeeds(memcheck(&program).args(arguments));
    }
}

/// The same program with what everybody has, and the recorded results are met.
#[test]
fn the_whole_way_is_the_same_with_onnx_runtime() {
    let bench = Workbench::new();
    let arguments = ["-std=c11", "-O2", "-DNDEBUG"];
    let program = bench.program("gcc", &arguments, &source("whole_way.c"));
    succeeds(&mut command(&program, [onnxruntime(), bundle()]));
}

#[test]
fn what_is_for_tests_is_in_test_builds_alone() {
    let mut expected = declared();
    expected.insert(CONTROL.to_owned());
    let test_build = test_libraries().join("libcfa.so.1");
    assert_eq!(exported(&test_build), expected);
    let holds = |library: &Path, words: &[u8]| {
        let bytes = std::fs::read(library).unwrap();
        bytes.windows(words.len()).any(|window| window == words)
    };
    for words in [CONTROL, FAKE_NETWORK] {
        assert!(holds(&test_build, words.as_bytes()), "{words}");
        assert!(!holds(&built("libcfa.so"), words.as_bytes()), "{words}");
    }
    let manifest = std::fs::read_to_string(root().join("capi/Cargo.toml")).unwrap();
    assert!(
        !manifest.contains("default ="),
        "a default feature: {manifest}"
    );
}

/// Else a client that was thought to be watched was not.
#[test]
fn sanitizers_are_in_the_clients_that_are_watched_and_nowhere_else() {
    let bench = Workbench::new();
    let has_asan = |file: &Path| {
        let symbols = succeeds(Command::new("nm").arg(file));
        symbols.lines().any(|line| line.ends_with("__asan_init"))
    };
    assert!(!has_asan(&release_client(&bench, "whole_way.c")));
    for folder in [libraries(), test_libraries()] {
        assert!(
            !has_asan(&folder.join("libcfa.so.1")),
            "{}",
            folder.display()
        );
    }
    if crate::clients::has_sanitizers(crate::clients::SANITIZE) {
        let arguments = ["-std=c11", crate::clients::SANITIZE];
        let watched = bench.program("gcc", &arguments, &source("usage.c"));
        assert!(has_asan(&watched));
    }
}
