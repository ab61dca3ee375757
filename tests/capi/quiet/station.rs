//! A program that runs in folders of its own.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// The folders that a program writes to by its own choice, and where they are told.
const FOLDERS: [(&str, &str); 6] = [
    ("home", "HOME"),
    ("cache", "XDG_CACHE_HOME"),
    ("config", "XDG_CONFIG_HOME"),
    ("data", "XDG_DATA_HOME"),
    ("state", "XDG_STATE_HOME"),
    ("tmp", "TMPDIR"),
];
const WORKING: &str = "work";

pub(super) struct Station {
    pub(super) name: &'static str,
    folder: TempDir,
    program: Child,
    reads: bool,
}

impl Station {
    /// Nothing else of the environment gets in: ONNX Runtime is silent where it takes the
    /// machine for one that tests programs.
    pub(super) fn start(name: &'static str, mut command: Command) -> Self {
        let folder = tempfile::tempdir().unwrap();
        command.env_clear().env("PATH", "/usr/bin:/bin");
        for (folder_name, variable) in FOLDERS {
            let path = folder.path().join(folder_name);
            std::fs::create_dir(&path).unwrap();
            command.env(variable, path);
        }
        let working = folder.path().join(WORKING);
        std::fs::create_dir(&working).unwrap();
        let reads = command.get_args().any(|argument| argument == "-");
        command.current_dir(working).stdin(Stdio::piped());
        let program = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self {
            name,
            program: program.spawn().unwrap(),
            folder,
            reads,
        }
    }

    /// One more picture, for a program that takes them from its standard input.
    pub(super) fn tell(&mut self, picture: &Path) {
        if let (true, Some(input)) = (self.reads, &mut self.program.stdin) {
            writeln!(input, "{}", picture.display()).unwrap();
        }
    }

    /// Once it has ended well: the files it has left, below its folders.
    pub(super) fn finished(self) -> Vec<PathBuf> {
        let output = self.program.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{}: {}\n{said}",
            self.name,
            output.status
        );
        if self.reads {
            let results = String::from_utf8(output.stdout).unwrap().lines().count();
            assert!(results > 1, "{}: {results} results", self.name);
        }
        let below = |file: PathBuf| file.strip_prefix(self.folder.path()).unwrap().to_owned();
        let files = files_below(self.folder.path());
        let mut files: Vec<_> = files.into_iter().map(below).collect();
        files.sort();
        files
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| {
        if path.is_dir() && !path.is_symlink() {
            files_below(&path)
        } else {
            vec![path]
        }
    };
    paths.flat_map(below).collect()
}
