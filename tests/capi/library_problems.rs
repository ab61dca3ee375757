//! Files that cannot serve as ONNX Runtime: the error names the file, gives the loader's whole
//! reason, and says what helps. The right one works afterwards in the same process.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::onnx_runtime::PROGRAM;
use crate::workbench::{Workbench, bundle, cfa_run, command, onnxruntime, run, succeeds};

/// A library that says it is this version of ONNX Runtime.
const PRETENDER: &str = r"
#include <stddef.h>
#include <stdint.h>
static const void *api(uint32_t version) { (void)version; return NULL; }
static const char *version(void) { return VERSION; }
struct base { const void *(*api)(uint32_t); const char *(*version)(void); };
const struct base *OrtGetApiBase(void);
const struct base *OrtGetApiBase(void)
{
    static const struct base base = {api, version};
    return &base;
}
";

struct Problem {
    file: PathBuf,
    words: &'static [&'static str],
}

fn shared(bench: &Workbench, name: &str, code: &str, more: &[&str]) -> PathBuf {
    let source = bench.write(&format!("{name}.c"), code);
    let library = bench.at(&format!("lib{name}.so"));
    let mut compile = Command::new("gcc");
    compile
        .args(["-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(source);
    succeeds(compile.arg("-L").arg(bench.at("")).args(more));
    library
}

/// Its dependency is removed after it is linked.
fn with_a_missing_dependency(bench: &Workbench) -> PathBuf {
    let gone = shared(bench, "gone", "int gone(void) { return 1; }\n", &[]);
    let more = ["-Wl,--no-as-needed", "-lgone"];
    let library = shared(bench, "needs", "int needs(void) { return 2; }\n", &more);
    fs::remove_file(gone).unwrap();
    library
}

/// The number of the processor's kind is that of `AArch64`.
fn for_another_processor(bench: &Workbench, library: &Path) -> PathBuf {
    let mut bytes = fs::read(library).unwrap();
    bytes[18..20].copy_from_slice(&183_u16.to_le_bytes());
    let path = bench.at("libother_processor.so");
    fs::write(&path, bytes).unwrap();
    path
}

fn problems(bench: &Workbench) -> Vec<Problem> {
    let plain = shared(bench, "plain", "int plain(void) { return 3; }\n", &[]);
    let problem = |file, words| Problem { file, words };
    vec![
        problem(
            "/no/such/libonnxruntime.so".into(),
            &["there is no such file"],
        ),
        problem(bench.at(""), &["it is a folder"]),
        problem(
            bench.write("empty.so", ""),
            &["an empty file", "file too short"],
        ),
        problem(
            bench.write("text.so", "version https://git-lfs.github.com/spec/v1\n"),
            &["not a shared library"],
        ),
        problem(
            with_a_missing_dependency(bench),
            &[
                "it needs libgone.so",
                "LD_LIBRARY_PATH",
                "No such file or directory",
            ],
        ),
        problem(
            for_another_processor(bench, &plain),
            &["AArch64, 64 bits", "take the build for"],
        ),
        problem(plain, &["not ONNX Runtime", "OrtGetApiBase"]),
        problem(
            shared(bench, "old", PRETENDER, &["-DVERSION=\"1.23.2\""]),
            &["ONNX Runtime 1.23.2, which is too old", "1.24 or newer"],
        ),
        problem("libnowhere.so".into(), &["libnowhere.so", "give its path"]),
        problem(
            shared(bench, "loud", PRETENDER, &["-DVERSION=\"1.29.0\""]),
            &[
                "1.29 sends telemetry",
                "ORT_DISABLE_TELEMETRY=1",
                "1.28 or older",
            ],
        ),
    ]
}

#[test]
fn each_is_named_with_its_reason_and_what_helps() {
    let bench = Workbench::new();
    let source = bench.write("finder.c", PROGRAM);
    let program = bench.program("gcc", &["-std=c11"], &source);
    let problems = problems(&bench);
    let mut all = command(&program, [bundle()]);
    all.args(problems.iter().map(|problem| &problem.file));
    let said = succeeds(all.arg(onnxruntime()).env_remove("ORT_DISABLE_TELEMETRY"));
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), problems.len() + 2, "{said}");
    for (problem, line) in problems.iter().zip(&lines) {
        let file = problem.file.to_str().unwrap().trim_end_matches('/');
        assert!(line.starts_with("503 ") && line.contains(file), "{line}");
        for word in problem.words {
            assert!(line.contains(word), "{word} is not in: {line}");
        }
    }
    assert!(lines[problems.len()].starts_with("0 "), "{said}");
}

#[test]
fn cfa_run_says_the_same() {
    let bench = Workbench::new();
    let picture = crate::callers::picture(&bench);
    for problem in problems(&bench) {
        let words = problem.words;
        let mut predict = command(&cfa_run(), ["predict", "--no-cache", "--model"]);
        predict
            .arg(bundle())
            .arg("--onnxruntime")
            .arg(&problem.file);
        let output = run(predict.arg(&picture).env_remove("ORT_DISABLE_TELEMETRY"));
        let said = String::from_utf8(output.stderr).unwrap();
        if words[0].contains("telemetry") {
            // It has switched that off, and is told that this is no ONNX Runtime otherwise.
            assert!(!said.contains("ORT_DISABLE_TELEMETRY"), "{said}");
            continue;
        }
        assert_eq!(output.status.code(), Some(2), "{said}");
        for word in words {
            assert!(said.contains(word), "{word} is not in: {said}");
        }
    }
}
