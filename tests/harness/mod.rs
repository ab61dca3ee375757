//! What the integration tests share: a temporary folder, drawn pictures, and the
//! program under test.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use cfa_runtime::OnnxRuntime;
use image::{Rgb, RgbImage};
use tempfile::TempDir;

/// A temporary folder that pictures can be drawn into.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Draws a picture, different for each `seed`, and gives its path.
    pub(crate) fn draw(&self, name: &str, width: u32, height: u32, seed: u32) -> PathBuf {
        let path = self.at(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        drawing(width, height, seed).save(&path).unwrap();
        path
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.at(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

/// A disc on a gradient.
pub(crate) fn drawing(width: u32, height: u32, seed: u32) -> RgbImage {
    let (cx, cy, r) = (
        width * (2 + seed % 3) / 6,
        height / 2,
        width.min(height) / 4,
    );
    RgbImage::from_fn(width, height, |x, y| {
        let inside = x.abs_diff(cx).pow(2) + y.abs_diff(cy).pow(2) < r * r;
        let shade = (x * 160 / width + y * 40 / height) as u8;
        if inside {
            Rgb([220, 90 + (seed % 60) as u8, shade])
        } else {
            Rgb([shade, shade, 70])
        }
    })
}

/// The committed bundle with random weights.
pub(crate) fn tiny_bundle() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tiny/tiny.cfa");
    assert!(path.is_file(), "{} is missing", path.display());
    path
}

/// ONNX Runtime from where cargo's configuration says it is.
pub(crate) fn onnx_runtime() -> OnnxRuntime {
    let path = std::env::var_os("ORT_DYLIB_PATH").expect("cargo sets ORT_DYLIB_PATH");
    OnnxRuntime::load(Path::new(&path)).unwrap()
}

/// One run of `cfa-run`, finished.
pub(crate) struct Run(Output);

/// `cfa-run`, which keeps nothing between runs, as it finds no home.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cfa-run"));
    command.env_remove("XDG_CACHE_HOME").env_remove("HOME");
    command
}

/// Runs `cfa-run` with these arguments.
pub(crate) fn cfa_run<A: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = A>) -> Run {
    Run::finished(program().args(arguments))
}

/// Runs `cfa-run predict` with the tiny bundle and these arguments.
pub(crate) fn predict<A: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = A>) -> Run {
    let mut command = program();
    Run::finished(
        command
            .arg("predict")
            .arg("--model")
            .arg(tiny_bundle())
            .args(arguments),
    )
}

impl Run {
    pub(crate) fn finished(command: &mut Command) -> Self {
        Self(command.output().unwrap())
    }

    /// Runs a command whose output nobody reads.
    pub(crate) fn unread(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        Self(child.wait_with_output().unwrap())
    }

    pub(crate) fn code(&self) -> Option<i32> {
        self.0.status.code()
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    /// Asserts success without a word on stderr, and gives the JSON lines.
    #[track_caller]
    pub(crate) fn fine(&self) -> Vec<serde_json::Value> {
        assert_eq!(
            (self.0.status.code(), self.stderr().as_str()),
            (Some(0), "")
        );
        self.json_lines()
    }

    /// Asserts exit code 2 and a message with these words, not a panic.
    #[track_caller]
    pub(crate) fn refused(&self, words: &[&str]) {
        let said = self.stdout() + &self.stderr();
        assert_eq!(self.0.status.code(), Some(2), "{said}");
        assert!(!said.contains("panicked"), "{said}");
        for word in words {
            assert!(said.contains(word), "{word:?} is not in: {said}");
        }
    }

    pub(crate) fn json_lines(&self) -> Vec<serde_json::Value> {
        let parse = |line: &str| serde_json::from_str(line).ok();
        self.stdout().lines().filter_map(parse).collect()
    }
}
