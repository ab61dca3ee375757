//! C programs that misuse the library, use it hard, and are watched while they do.

use std::path::Path;
use std::process::Command;

use crate::workbench::{
    Workbench, bundle, command, has, libraries, memcheck, onnxruntime, root, run, rust_files,
    source, succeeds,
};

pub(crate) const SANITIZE: &str = "-fsanitize=address,undefined";

/// Runs `misuse.c` and `usage.c`, built with these arguments.
fn both(compiler: &str, arguments: &[&str], prepare: impl Fn(&mut Command)) {
    let bench = Workbench::new();
    for name in ["misuse.c", "usage.c"] {
        let arguments = [&["-std=c11", "-Wstrict-prototypes"], arguments].concat();
        let program = bench.program(compiler, &arguments, &source(name));
        let mut client = command(&program, [onnxruntime(), bundle()]);
        prepare(&mut client);
        succeeds(&mut client);
    }
}

#[test]
fn misuse_is_answered_and_use_keeps_its_promises() {
    both("gcc", &["-O1"], |_| {});
}

/// Whether gcc can link with them; if not, says so.
pub(crate) fn has_sanitizers(sanitize: &str) -> bool {
    let bench = Workbench::new();
    let probe = bench.write("probe.c", "int main(void) { return 0; }\n");
    let mut compile = Command::new("gcc");
    compile
        .arg(sanitize)
        .arg(&probe)
        .arg("-o")
        .arg(bench.at("probe"));
    let found = run(&mut compile).status.success();
    if !found {
        crate::workbench::skipped("gcc has no sanitizers here");
    }
    found
}

/// With LeakSanitizer, which AddressSanitizer brings along.
#[test]
fn clients_under_sanitizers_report_nothing() {
    if !has_sanitizers(SANITIZE) {
        return;
    }
    let suppressions = source("leaks.supp");
    both("gcc", &[SANITIZE, "-fno-sanitize-recover=all"], |client| {
        client.env(
            "LSAN_OPTIONS",
            format!("suppressions={}", suppressions.display()),
        );
        client.env("ASAN_OPTIONS", "detect_leaks=1:halt_on_error=1");
    });
}

/// The sanitizers must be able to see a leak of ours, or they prove nothing.
#[test]
fn a_handle_that_is_not_freed_is_seen_as_a_leak() {
    let sanitize = "-fsanitize=address";
    if !has_sanitizers(sanitize) {
        return;
    }
    let bench = Workbench::new();
    let arguments = ["-std=c11", sanitize, "-DLEAK"];
    let program = bench.program("gcc", &arguments, &source("memory.c"));
    let mut client = command(
        &program,
        [
            onnxruntime().as_os_str(),
            bundle().as_os_str(),
            "1".as_ref(),
        ],
    );
    client.env(
        "LSAN_OPTIONS",
        format!("suppressions={}", source("leaks.supp").display()),
    );
    let output = run(&mut client);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && said.contains("detected memory leaks"),
        "{said}"
    );
}

#[test]
fn valgrind_finds_no_error_and_nothing_lost() {
    if !has("valgrind", "--version") {
        return;
    }
    let bench = Workbench::new();
    let program = bench.program("gcc", &["-std=c11"], &source("misuse.c"));
    succeeds(memcheck(&program).arg(onnxruntime()).arg(bundle()));
}

#[test]
fn memory_stays_flat_over_a_thousand_rounds() {
    let bench = Workbench::new();
    let program = bench.program("gcc", &["-std=c11", "-O1"], &source("memory.c"));
    let mut rounds = command(&program, [onnxruntime(), bundle()]);
    println!("{}", succeeds(rounds.arg("1000")));
}

#[test]
fn the_guard_of_the_memory_sees_a_leak() {
    let bench = Workbench::new();
    let program = bench.program("gcc", &["-std=c11", "-O1", "-DLEAK"], &source("memory.c"));
    let mut rounds = command(&program, [onnxruntime(), bundle()]);
    let output = run(rounds.arg("150"));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

#[test]
fn loading_and_unloading_again_and_again_is_harmless() {
    let bench = Workbench::new();
    let program = bench.program("gcc", &["-std=gnu11", "-O1"], &source("unload.c"));
    let library = libraries().join("libcfa.so.1");
    let mut rounds = command(&program, [library, onnxruntime(), bundle()]);
    println!("{}", succeeds(rounds.arg("1000")));
}

/// One file follows pointers. Its blocks are counted, so that they do not grow unnoticed.
#[test]
fn unsafe_code_has_one_address() {
    let pointer = root().join("capi/src/abi/pointer.rs");
    let folders = ["capi/src", "runtime/src", "trainer/src", "xtask/src"];
    for file in folders
        .iter()
        .flat_map(|folder| rust_files(&root().join(folder)))
    {
        if file == pointer || file.ends_with("abi/tests.rs") {
            continue;
        }
        for line in code_of(&file)
            .lines()
            .filter(|line| line.contains("unsafe"))
        {
            assert!(is_exporting(line), "{}: {line}", file.display());
        }
    }
    let code = code_of(&pointer);
    let blocks = code.matches("unsafe {").count();
    assert!(
        blocks <= 17,
        "{blocks} unsafe blocks: is each of them needed?"
    );
    let taking_over = code.split_once("macro_rules! given").unwrap().1;
    assert!(taking_over.contains("Given::new(argument)"));
}

/// What makes a function one that C can call, which follows no pointer, and the lint's
/// leave for it.
fn is_exporting(line: &str) -> bool {
    line == "#[unsafe(no_mangle)]"
        || line.starts_with("pub unsafe extern \"C\" fn cfa_")
        || line.contains("unsafe_code")
        // The type of a callback.
        || line.trim_start().starts_with("Option<unsafe extern \"C\" fn(")
}

/// Without comments and texts in documentation.
fn code_of(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    code.collect::<Vec<_>>().join("\n")
}

/// The macro that vouches for C is used where C calls, and nowhere else: first thing in an
/// exported function.
#[test]
fn arguments_of_c_are_taken_over_in_exported_functions_alone() {
    for file in rust_files(&root().join("capi/src")) {
        let code = code_of(&file);
        let parts: Vec<&str> = code.split("    given!(").collect();
        for text in &parts[..parts.len() - 1] {
            let (_, head) = text.rsplit_once("#[unsafe(no_mangle)]\n").unwrap();
            assert!(
                head.starts_with("pub unsafe extern \"C\" fn cfa_")
                    && head.ends_with("{\n")
                    && head.matches('{').count() == 1,
                "{}: {head}",
                file.display()
            );
        }
        if !file.ends_with("abi/pointer.rs") {
            assert_eq!(
                code.matches("given!").count(),
                parts.len() - 1,
                "{}",
                file.display()
            );
        }
    }
}
