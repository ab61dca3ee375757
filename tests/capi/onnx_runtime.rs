//! Finding ONNX Runtime: named, beside the library, through the loader, or not at all.

use std::path::PathBuf;
use std::process::Command;

use crate::workbench::{
    Workbench, bundle, command, example, libraries, onnxruntime, run, succeeds,
};

/// A folder in which the system's loader finds `libonnxruntime.so`.
pub(crate) fn loader_folder(bench: &Workbench) -> PathBuf {
    let folder = bench.at("loader");
    std::fs::create_dir(&folder).unwrap();
    let library = std::fs::canonicalize(onnxruntime()).unwrap();
    std::os::unix::fs::symlink(library, folder.join("libonnxruntime.so")).unwrap();
    folder
}

/// Names the libraries of the arguments, one after the other, and then none.
pub(crate) const PROGRAM: &str = r#"
#include <cfa.h>
#include <stdio.h>
int main(int argc, char **argv)
{
    cfa_error err = cfa_error_new();
    cfa_options *options = NULL;
    cfa_model *model = NULL;
    cfa_session *session = NULL;
    int i, failed = cfa_options_new(&options, &err) != CFA_OK ||
                    cfa_model_open(cfa_str_of(argv[1]), NULL, &model, &err) != CFA_OK;
    for (i = 2; !failed && i < argc; i++) {
        cfa_options_set(options, cfa_str_of("onnxruntime"), cfa_str_of(argv[i]), &err);
        printf("%d %s\n", (int)cfa_session_new(model, options, &session, &err), err.message);
        cfa_session_free(session);
    }
    session = NULL;
    printf("%d %s\n", (int)cfa_session_new(model, NULL, &session, &err), err.message);
    cfa_session_free(session);
    cfa_model_free(model);
    cfa_options_free(options);
    return failed;
}
"#;

#[test]
fn without_onnx_runtime_the_message_says_what_to_install() {
    let bench = Workbench::new();
    let source = bench.write("finder.c", PROGRAM);
    let program = bench.program("gcc", &["-std=c11"], &source);
    let said = succeeds(&mut command(&program, [bundle()]));
    assert!(said.starts_with("503 "), "{said}");
    for word in [
        "install ONNX Runtime 1.24",
        "\"onnxruntime\"",
        "libonnxruntime.so",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert!(!said.contains("xtask"), "{said}");
}

/// A mistake in the path can be mended without starting again.
#[test]
fn after_a_wrong_path_the_right_one_works_and_another_is_refused() {
    let bench = Workbench::new();
    let source = bench.write("finder.c", PROGRAM);
    let program = bench.program("gcc", &["-std=c11"], &source);
    let wrong = example("c/inspect.c");
    let all = [
        bundle(),
        wrong,
        onnxruntime(),
        onnxruntime(),
        "/other.so".into(),
    ];
    let said = succeeds(&mut command(&program, all));
    let codes: Vec<_> = said
        .lines()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    // In the end none is named, and the one that is loaded serves.
    assert_eq!(codes, ["503", "0", "0", "503", "0"], "{said}");
    assert!(said.contains("already loaded"), "{said}");
}

#[test]
fn onnx_runtime_is_found_beside_the_library_and_by_the_loader() {
    let bench = Workbench::new();
    let source = bench.write("finder.c", PROGRAM);
    let program = bench.program("gcc", &["-std=c11"], &source);
    let folder = loader_folder(&bench);
    let mut by_loader = command(&program, [bundle()]);
    let said = succeeds(by_loader.env("LD_LIBRARY_PATH", &folder));
    assert!(said.starts_with("0 "), "{said}");

    // In a folder of their own, so that no other test sees the neighbour.
    let library = folder.join("libcfa.so.1");
    std::fs::copy(libraries().join("libcfa.so.1"), &library).unwrap();
    let mut beside = command(&program, [bundle()]);
    beside.env("LD_PRELOAD", &library);
    let said = succeeds(&mut beside);
    assert!(said.starts_with("0 "), "{said}");
}

/// Anybody may have put a library into the working directory.
#[test]
fn the_working_directory_is_not_looked_into() {
    let bench = Workbench::new();
    let source = bench.write("finder.c", PROGRAM);
    let program = bench.program("gcc", &["-std=c11"], &source);
    let decoys = loader_folder(&bench);
    for (folder, name) in [
        ("lib", ""),
        ("below", "../lib"),
        (".native/onnxruntime", ""),
    ] {
        std::fs::create_dir_all(decoys.join(folder)).unwrap();
        let decoy = decoys.join(folder).join(name).join("libonnxruntime.so");
        if !decoy.exists() {
            std::fs::copy(decoys.join("libonnxruntime.so"), decoy).unwrap();
        }
    }
    for folder in ["", "below"] {
        let mut finder = command(&program, [bundle(), "libonnxruntime.so".into()]);
        let said = succeeds(finder.current_dir(decoys.join(folder)));
        let codes: Vec<_> = said.lines().map(|line| line.split(' ').next()).collect();
        assert_eq!(codes, [Some("503"); 2], "{said}");
    }
    // A path is another matter.
    let mut named = command(&program, [bundle(), "./libonnxruntime.so".into()]);
    assert!(succeeds(named.current_dir(&decoys)).starts_with("0 "));
}

/// Neither for the search (2 MiB of stack each) nor for the network (8 MiB each).
#[test]
fn more_threads_than_the_system_gives_are_refused() {
    let bench = Workbench::new();
    let program = bench.program("gcc", &["-std=c11"], &crate::workbench::source("cramped.c"));
    for room_mib in ["1000", "4000"] {
        let arguments = [onnxruntime(), bundle(), room_mib.into()];
        succeeds(&mut command(&program, arguments));
    }
}

/// The rules of a library: nothing printed, and the environment not looked at.
#[test]
fn the_library_prints_nothing_and_does_not_read_the_environment() {
    let bench = Workbench::new();
    let source = bench.write("finder.c", PROGRAM);
    let program = bench.program("gcc", &["-std=c11"], &source);
    let mut told_by_environment = Command::new(&program);
    told_by_environment.arg(bundle());
    let output = told_by_environment
        .env("ORT_DYLIB_PATH", onnxruntime())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.starts_with("503 ") && said.lines().count() == 1,
        "{said}"
    );
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    let output = run(&mut command(&program, [bundle(), onnxruntime()]));
    assert_eq!(
        (output.stdout.as_slice(), output.stderr.as_slice()),
        (&b"0 \n0 \n"[..], &b""[..])
    );
}
