//! Compilers, the library under test, and programs made with both.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use tempfile::TempDir;

/// Warnings that a program built with the header must not cause.
pub(crate) const WARNINGS: [&str; 8] = [
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wconversion",
    "-Wshadow",
    "-Wcast-qual",
    "-Wundef",
    "-Werror",
];

/// A folder with the shared library as it is installed, and for what is built.
pub(crate) struct Workbench {
    folder: TempDir,
}

static INSTALLED: LazyLock<TempDir> = LazyLock::new(|| install(&built("libcfa.so")));

/// A folder that linker and loader find a shared library in.
pub(crate) fn install(built: &Path) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("libcfa.so.1");
    std::fs::copy(built, &library).unwrap();
    std::os::unix::fs::symlink("libcfa.so.1", folder.path().join("libcfa.so")).unwrap();
    folder
}

impl Workbench {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.at(name), text).unwrap();
        self.at(name)
    }

    /// Builds a program against the shared library.
    #[track_caller]
    pub(crate) fn program(&self, compiler: &str, arguments: &[&str], source: &Path) -> PathBuf {
        self.program_with(INSTALLED.path(), compiler, arguments, source)
    }

    /// Compiles a program against the library in another folder.
    #[track_caller]
    pub(crate) fn program_with(
        &self,
        libraries: &Path,
        compiler: &str,
        arguments: &[&str],
        source: &Path,
    ) -> PathBuf {
        let program = self.at(source.file_stem().unwrap().to_str().unwrap());
        let mut command = Command::new(compiler);
        command.args(WARNINGS).args(arguments).arg("-g");
        command.arg("-I").arg(include()).arg(source);
        command.arg("-o").arg(&program).arg("-L").arg(libraries);
        command.args(["-lcfa", "-lm", "-lpthread", "-ldl"]);
        command.arg(format!("-Wl,-rpath,{}", libraries.display()));
        succeeds(&mut command);
        program
    }
}

/// The folder with `libcfa.so` and `libcfa.so.1`.
pub(crate) fn libraries() -> &'static Path {
    INSTALLED.path()
}

/// What cargo built of this package for its tests lies beside them.
pub(crate) fn built(name: &str) -> PathBuf {
    let file = std::env::current_exe().unwrap().with_file_name(name);
    assert!(file.is_file(), "{} is missing", file.display());
    file
}

/// `cfa-run` of the same sources. Tests of the whole workspace bring it along; made
/// here if it is missing or older than a source file.
pub(crate) fn cfa_run() -> PathBuf {
    static BUILT: LazyLock<PathBuf> = LazyLock::new(|| {
        let tests = std::env::current_exe().unwrap();
        let program = tests.parent().unwrap().with_file_name("cfa-run");
        let changed = |path: &PathBuf| path.metadata().and_then(|file| file.modified()).ok();
        let mut sources = rust_files(&root().join("runtime/src")).into_iter();
        if sources.any(|source| changed(&source) > changed(&program)) {
            let mut build = Command::new(env!("CARGO"));
            succeeds(build.args(["build", "--package", "cfa-runtime", "--bin", "cfa-run"]));
        }
        program
    });
    BUILT.clone()
}

pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|suffix| suffix == "rs") {
            files.push(path);
        }
    }
    files
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

pub(crate) fn include() -> PathBuf {
    root().join("capi/include")
}

pub(crate) fn source(name: &str) -> PathBuf {
    root().join("tests/capi/c").join(name)
}

pub(crate) fn example(name: &str) -> PathBuf {
    root().join("examples").join(name)
}

/// The committed bundle with random weights.
pub(crate) fn bundle() -> PathBuf {
    root().join("models/tiny/tiny.cfa")
}

/// ONNX Runtime from where cargo's configuration says it is.
pub(crate) fn onnxruntime() -> PathBuf {
    std::env::var_os("ORT_DYLIB_PATH")
        .expect("cargo sets ORT_DYLIB_PATH")
        .into()
}

/// What `.ci/run` installs before it sets `CFA_TESTS_NO_SKIP`.
const INSTALLED_FOR_TESTS: [&str; 7] = [
    "cargo-cinstall",
    "clang",
    "clang++",
    "cmake",
    "ip",
    "pkg-config",
    "valgrind",
];

/// Whether a tool can be started; if not, says so where the test run is read.
pub(crate) fn has(tool: &str, argument: &str) -> bool {
    let answered = Command::new(tool).arg(argument).output();
    if answered.is_ok_and(|output| output.status.success()) {
        return true;
    }
    let required = std::env::var_os("CFA_TESTS_NO_SKIP").is_some();
    assert!(
        !(required && INSTALLED_FOR_TESTS.contains(&tool)),
        "`{tool}` cannot be started, and CFA_TESTS_NO_SKIP says that it is installed"
    );
    skipped(&format!("`{tool}` is not installed"));
    false
}

/// Past the test harness, which keeps what passing tests print.
pub(crate) fn skipped(reason: &str) {
    let test = std::thread::current();
    let name = test.name().unwrap_or("a test");
    let line = format!("skipped: {name}: {reason}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// Runs to success, and gives what was written to standard output.
#[track_caller]
pub(crate) fn succeeds(command: &mut Command) -> String {
    let output = run(command);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
pub(crate) fn run(command: &mut Command) -> Output {
    // A library that reads the environment would find ONNX Runtime without being told.
    command.env_remove("ORT_DYLIB_PATH");
    let output = bounded(command)
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert_ne!(output.status.code(), Some(TIMED_OUT), "{command:?} hangs");
    output
}

/// What `timeout` of the coreutils answers.
const TIMED_OUT: i32 = 124;

/// Runs a program with a bound on its time, so that one that hangs fails its test.
fn bounded(command: &Command) -> Command {
    let mut bounded = Command::new("timeout");
    bounded.args(["--kill-after=10", "600"]);
    bounded.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => {
                bounded.env(name, value);
            }
            None => {
                bounded.env_remove(name);
            }
        }
    }
    if let Some(folder) = command.get_current_dir() {
        bounded.current_dir(folder);
    }
    bounded
}

/// Under Valgrind: no error but those of `valgrind.supp`, which are not ours, and nothing
/// definitely lost.
pub(crate) fn memcheck(program: &Path) -> Command {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--quiet", "--error-exitcode=9", "--leak-check=full"]);
    valgrind.args([
        "--show-leak-kinds=definite",
        "--errors-for-leak-kinds=definite",
    ]);
    let suppressions = source("valgrind.supp");
    valgrind.arg(format!("--suppressions={}", suppressions.display()));
    valgrind.arg(program);
    valgrind
}

pub(crate) fn command<A: AsRef<OsStr>>(
    program: &Path,
    arguments: impl IntoIterator<Item = A>,
) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}
