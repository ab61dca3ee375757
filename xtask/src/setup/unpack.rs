//! Takes the wanted files out of a wheel (a zip file).

use std::{
    fs::{self, File},
    io::{self, BufWriter, Read, Seek},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use zip::ZipArchive;

use crate::progress;

use super::{
    digest::sha256_of_file,
    pins::{Keep, stays_inside},
};

/// Writes the files named by `rules` below `folder`.
pub(crate) fn unpack(wheel: &Path, rules: &[Keep], folder: &Path) -> Result<()> {
    let in_wheel = || format!("in {}", wheel.display());
    let file = File::open(wheel).with_context(in_wheel)?;
    let mut archive = ZipArchive::new(file).with_context(in_wheel)?;
    let plan = plan(&mut archive, rules).with_context(in_wheel)?;
    let bar = progress::bytes("unpacking", plan.iter().map(|entry| entry.bytes).sum());
    for entry in &plan {
        let target = folder.join(&entry.to);
        let source = bar.wrap_read(archive.by_index(entry.index)?);
        write_file(&target, source)
            .with_context(|| format!("cannot write {}", target.display()))?;
    }
    bar.finish_and_clear();
    check_digests(rules, folder)
}

/// One file to take out.
#[derive(Debug)]
struct Entry {
    index: usize,
    bytes: u64,
    to: PathBuf,
}

fn plan<R: Read + Seek>(archive: &mut ZipArchive<R>, rules: &[Keep]) -> Result<Vec<Entry>> {
    let mut plan = Vec::new();
    let mut used = vec![false; rules.len()];
    for index in 0..archive.len() {
        let file = archive.by_index(index)?;
        let name = file.name()?.into_owned();
        for (rule, used) in rules.iter().zip(&mut used) {
            if let Some(to) = destination(&name, rule)? {
                plan.push(Entry {
                    index,
                    bytes: file.size(),
                    to,
                });
                *used = true;
            }
        }
    }
    for (rule, used) in rules.iter().zip(used) {
        ensure!(
            used,
            "there is no `{}`; correct xtask/native.toml",
            rule.from
        );
    }
    Ok(plan)
}

/// Where a rule puts the zip entry `name`; `None` when it is not meant, or only
/// a folder's own entry.
fn destination(name: &str, rule: &Keep) -> Result<Option<PathBuf>> {
    let wanted = if rule.is_folder() {
        name.starts_with(&rule.from)
    } else {
        name == rule.from
    };
    if !wanted || name.ends_with('/') {
        return Ok(None);
    }
    let below = name.strip_prefix(&rule.from).unwrap_or("");
    let to = format!("{}{below}", rule.to);
    ensure!(
        stays_inside(&to),
        "refused the entry `{name}`: it would be written outside the folder"
    );
    Ok(Some(PathBuf::from(to)))
}

fn write_file(target: &Path, mut source: impl Read) -> io::Result<()> {
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut file = BufWriter::with_capacity(1 << 20, File::create(target)?);
    io::copy(&mut source, &mut file)?;
    file.into_inner()?;
    Ok(())
}

fn check_digests(rules: &[Keep], folder: &Path) -> Result<()> {
    for rule in rules {
        let Some(pinned) = &rule.sha256 else { continue };
        let found = sha256_of_file(&folder.join(&rule.to), |_| ())?;
        ensure!(
            found == *pinned,
            "{} has the sha256 {found}, pinned is {pinned}",
            rule.to
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::io::Write;

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    fn zip_with(folder: &Path, names: &[&str]) -> PathBuf {
        let path = folder.join("a.whl");
        let mut zip = ZipWriter::new(File::create(&path).unwrap());
        for name in names {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(b"abc").unwrap();
        }
        zip.finish().unwrap();
        path
    }

    fn keep(from: &str, to: &str) -> Keep {
        Keep {
            from: from.into(),
            to: to.into(),
            sha256: None,
        }
    }

    #[test]
    fn only_the_named_files_are_taken() {
        let temp = tempfile::tempdir().unwrap();
        let wheel = zip_with(
            temp.path(),
            &[
                "p/lib.so.1",
                "p/other.so",
                "p/include/a.h",
                "p/include/b/c.h",
            ],
        );
        let out = temp.path().join("out");
        unpack(
            &wheel,
            &[keep("p/lib.so.1", "lib.so"), keep("p/include/", "include/")],
            &out,
        )
        .unwrap();
        assert_eq!(fs::read(out.join("lib.so")).unwrap(), b"abc");
        assert!(out.join("include/b/c.h").is_file());
        assert_eq!(fs::read_dir(&out).unwrap().count(), 2);
    }

    #[test]
    fn an_entry_leading_out_of_the_folder_is_refused() {
        for name in ["p/include/../../x", "p/include//etc/../../../x"] {
            let temp = tempfile::tempdir().unwrap();
            let wheel = zip_with(temp.path(), &[name]);
            let error = unpack(
                &wheel,
                &[keep("p/include/", "include/")],
                &temp.path().join("out"),
            )
            .unwrap_err();
            assert!(
                format!("{error:#}").contains("outside the folder"),
                "{error:#}"
            );
            assert!(!temp.path().join("x").exists());
        }
    }

    #[test]
    fn a_missing_entry_is_named() {
        let temp = tempfile::tempdir().unwrap();
        let wheel = zip_with(temp.path(), &["p/a"]);
        let error = unpack(&wheel, &[keep("p/b", "b")], temp.path()).unwrap_err();
        assert!(
            format!("{error:#}").contains("there is no `p/b`"),
            "{error:#}"
        );
    }

    #[test]
    fn a_file_of_another_digest_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let wheel = zip_with(temp.path(), &["p/a"]);
        let rule = Keep {
            sha256: Some("0".repeat(64)),
            ..keep("p/a", "a")
        };
        let error = unpack(&wheel, &[rule], temp.path()).unwrap_err();
        assert!(format!("{error:#}").contains("pinned is 0000"), "{error:#}");
    }

    #[test]
    fn a_truncated_wheel_is_an_error() {
        let temp = tempfile::tempdir().unwrap();
        let wheel = zip_with(temp.path(), &["p/a"]);
        let bytes = fs::read(&wheel).unwrap();
        fs::write(&wheel, &bytes[..bytes.len() / 2]).unwrap();
        assert!(unpack(&wheel, &[keep("p/a", "a")], temp.path()).is_err());
    }
}
