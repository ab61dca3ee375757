//! The header alone: every standard, both compilers, no warnings, and its own example.

use std::path::Path;
use std::process::Command;

use crate::workbench::{
    WARNINGS, Workbench, bundle, command, has, include, onnxruntime, root, run, succeeds,
};

const C: [&str; 3] = ["c11", "c17", "gnu17"];
const CPP: [&str; 4] = ["c++11", "c++14", "c++17", "c++20"];

fn compiles_clean(compiler: &str, standard: &str, header: &str, more: &[&str]) {
    let bench = Workbench::new();
    let suffix = if standard.contains("++") { "cpp" } else { "c" };
    // Twice, because the guard has to hold.
    let text = format!("#include \"{header}\"\n#include \"{header}\"\nint used;\n");
    let source = bench.write(&format!("alone.{suffix}"), &text);
    let mut command = Command::new(compiler);
    command.args(WARNINGS).args(more);
    command.args(["-Wpadded", &format!("-std={standard}")]);
    command.arg("-I").arg(include()).arg("-c").arg(source);
    succeeds(command.arg("-o").arg(bench.at("alone.o")));
}

#[test]
fn the_header_alone_compiles_without_a_warning() {
    for compilers in [("gcc", "g++"), ("clang", "clang++")] {
        if !has(compilers.0, "--version") || !has(compilers.1, "--version") {
            continue;
        }
        for standard in C {
            let more = ["-Wstrict-prototypes", "-Wmissing-prototypes"];
            compiles_clean(compilers.0, standard, "cfa.h", &more);
        }
        for standard in CPP {
            compiles_clean(compilers.1, standard, "cfa.h", &["-Wold-style-cast"]);
        }
        for standard in &CPP[2..] {
            // The wrapper's classes may have padding: they do not cross the boundary.
            let more = ["-Wold-style-cast", "-Wno-padded", "-Wnon-virtual-dtor"];
            let last = [&more[..], &["-Wno-error=padded"]].concat();
            compiles_clean(compilers.1, standard, "cfa.hpp", &last);
        }
    }
}

#[test]
fn two_files_that_include_the_header_link_together() {
    let bench = Workbench::new();
    let one = bench.write(
        "one.c",
        "#include <cfa.h>\ncfa_error one(void);\ncfa_error one(void) { return cfa_error_new(); }\n",
    );
    let two = bench.write(
        "two.c",
        "#include <cfa.h>\ncfa_error one(void);\nint main(void) { return one().status != cfa_error_new().status; }\n",
    );
    let program = bench.program("gcc", &["-std=c11", one.to_str().unwrap()], &two);
    succeeds(&mut Command::new(program));
}

/// The header names what it defines so that it can stand beside any other.
#[test]
fn every_name_begins_with_cfa() {
    let text = std::fs::read_to_string(include().join("cfa.h")).unwrap();
    let words = |line: &str| {
        line.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    for line in text.lines().filter(|line| line.starts_with("#define")) {
        assert!(words(line)[1].starts_with("CFA_"), "{line}");
    }
    let named = |line: &&str| line.starts_with("typedef") || line.starts_with("struct");
    for line in text.lines().filter(named) {
        let name = words(line).into_iter().find(|word| word.contains("cfa_"));
        assert!(name.is_some(), "{line}");
    }
}

#[test]
fn the_program_in_the_header_compiles_and_runs() {
    let header = std::fs::read_to_string(include().join("cfa.h")).unwrap();
    let (_, after) = header.split_once("//! program.c\n").unwrap();
    let (program, _) = after.split_once(" * //! end").unwrap();
    let lines = program.lines().map(|line| {
        line.strip_prefix(" * ")
            .or(line.strip_prefix(" *"))
            .unwrap()
    });
    let source = lines.collect::<Vec<_>>().join("\n") + "\n";
    let bench = Workbench::new();
    let path = bench.write("program.c", &source);
    let program = bench.program("gcc", &["-std=c11"], &path);
    // It names no ONNX Runtime, so it needs the loader's help, as the header says.
    std::fs::copy(bundle(), bench.at("model.cfa")).unwrap();
    let folder = crate::onnx_runtime::loader_folder(&bench);
    let mut command = Command::new(&program);
    command
        .current_dir(bench.at(""))
        .env("LD_LIBRARY_PATH", folder);
    assert!(succeeds(&mut command).contains(" at "));
    // Elsewhere there is no model, and the program says so.
    let output = run(Command::new(&program).current_dir(Path::new("/")));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && said.contains("error 200: model.cfa"),
        "{said}"
    );
}

#[test]
fn the_program_of_the_guide_compiles_and_runs() {
    let guide = std::fs::read_to_string(root().join("docs/EMBEDDING.md")).unwrap();
    let (_, after) = guide.split_once("```c\n").unwrap();
    let (program, _) = after.split_once("```").unwrap();
    let bench = Workbench::new();
    let source = bench.write("inspect.c", program);
    let program = bench.program("gcc", &["-std=c11"], &source);
    let library = std::fs::canonicalize(onnxruntime()).unwrap();
    std::os::unix::fs::symlink(library, bench.at("libonnxruntime.so")).unwrap();
    let picture = crate::callers::picture(&bench);
    let inspect = |arguments: &[&Path]| {
        let mut inspect = command(&program, arguments);
        inspect.current_dir(bench.at(""));
        inspect
    };
    let said = succeeds(&mut inspect(&[&bundle(), &picture]));
    assert!(
        said.starts_with("score ") && said.contains(", none, "),
        "{said}"
    );
    // A picture that does not fit must not be judged by its first part.
    let mut large = std::fs::read(&picture).unwrap();
    large.resize(16 << 20, 0);
    std::fs::write(bench.at("large.png"), large).unwrap();
    for wrong in [&[&*bundle()][..], &[&bundle(), &bench.at("large.png")]] {
        let output = run(&mut inspect(wrong));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains("usage"), "{said}");
    }
}
