//! Whether a component is already unpacked, exactly as pinned.

use std::{fmt::Write, fs, path::Path};

use super::pins::Component;

/// The stamp's name in a component's folder. It is written last, before the
/// folder gets its final name, so its presence means that all else is there.
pub(crate) const FILE_NAME: &str = ".complete";

/// What the stamp says: everything that decides which bytes are unpacked where.
pub(crate) fn text(component: &Component) -> String {
    let mut lines = String::new();
    for wheel in &component.wheels {
        let _ = writeln!(lines, "{} {}", wheel.sha256, wheel.file);
        for keep in &wheel.keep {
            let _ = writeln!(lines, "  {} -> {}", keep.from, keep.to);
        }
    }
    for text in &component.texts {
        let _ = writeln!(lines, "{}: {:?}", text.to, text.text);
    }
    lines
}

/// Whether `folder` holds the component as pinned now. A file that was deleted
/// or emptied since then is noticed.
pub(crate) fn is_complete(folder: &Path, component: &Component) -> bool {
    let stamped =
        fs::read_to_string(folder.join(FILE_NAME)).is_ok_and(|found| found == text(component));
    stamped
        && component
            .files()
            .all(|file| has_content(&folder.join(file)))
}

fn has_content(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_dir() || found.len() > 0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::pins::{Keep, NeededBy, Text, Wheel};
    use super::*;

    fn component() -> Component {
        let keep = Keep {
            from: "p/lib.so".into(),
            to: "lib.so".into(),
            sha256: None,
        };
        let wheel = Wheel {
            package: "p".into(),
            version: "1".into(),
            file: "p-1.whl".into(),
            sha256: "0".repeat(64),
            bytes: 1,
            any_platform: true,
            keep: vec![keep],
        };
        Component {
            name: "P".into(),
            folder: "p".into(),
            needed_by: NeededBy::Runtime,
            unpacked_bytes: 1,
            variable: None,
            texts: vec![Text {
                to: "version".into(),
                text: "1\n".into(),
            }],
            wheels: vec![wheel],
        }
    }

    fn unpacked() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("lib.so"), "x").unwrap();
        fs::write(folder.path().join("version"), "1\n").unwrap();
        fs::write(folder.path().join(FILE_NAME), text(&component())).unwrap();
        folder
    }

    #[test]
    fn a_stamped_folder_is_complete() {
        assert!(is_complete(unpacked().path(), &component()));
    }

    #[test]
    fn a_changed_pin_is_noticed() {
        let mut changed = component();
        changed.wheels[0].sha256 = "1".repeat(64);
        assert!(!is_complete(unpacked().path(), &changed));
    }

    #[test]
    fn a_missing_stamp_or_file_is_noticed() {
        for file in [FILE_NAME, "lib.so", "version"] {
            let folder = unpacked();
            fs::remove_file(folder.path().join(file)).unwrap();
            assert!(
                !is_complete(folder.path(), &component()),
                "{file} is missing"
            );
        }
        let folder = unpacked();
        fs::write(folder.path().join("lib.so"), "").unwrap();
        assert!(
            !is_complete(folder.path(), &component()),
            "an empty library"
        );
    }
}
