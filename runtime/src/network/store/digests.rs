//! Digests of the files in a folder, recorded beside them.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::bundle::sha256_hex_of;

/// The file with the SHA-256 of all other files.
pub(super) const DIGESTS: &str = "sha256";

/// Whether all files are as they were recorded. Files may have been cut short by a full disk, a
/// loss of power or the end of the program. Files that were never recorded were never complete.
pub(super) fn is_intact(folder: &Path) -> bool {
    let recorded = fs::read_to_string(folder.join(DIGESTS));
    matches!((recorded, digests(folder)), (Ok(recorded), Ok(found)) if recorded == found)
}

/// Records all files as they are now.
pub(super) fn record(folder: &Path) -> io::Result<()> {
    fs::write(folder.join(DIGESTS), digests(folder)?)
}

/// One line for each file, in the order of their names.
fn digests(folder: &Path) -> io::Result<String> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name != DIGESTS {
            let digest = sha256_hex_of(&mut File::open(entry.path())?)?;
            lines.push((name, digest));
        }
    }
    lines.sort_unstable();
    let line = |(name, digest): &(_, _)| format!("{digest}  {}\n", Path::new(name).display());
    Ok(lines.iter().map(line).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]
    use super::*;

    #[test]
    fn each_damage_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["graph", "weights"] {
            fs::write(at(name), name).unwrap();
        }
        assert!(!is_intact(folder.path()), "nothing is recorded");
        record(folder.path()).unwrap();
        assert!(is_intact(folder.path()));
        for name in ["graph", "weights", DIGESTS] {
            let whole = fs::read(at(name)).unwrap();
            let mut changed = whole.clone();
            changed[3] ^= 1;
            for damaged in [&changed, &whole[..whole.len() - 1], b""] {
                fs::write(at(name), damaged).unwrap();
                assert!(!is_intact(folder.path()), "{name}");
            }
            fs::remove_file(at(name)).unwrap();
            assert!(!is_intact(folder.path()), "{name}");
            fs::write(at(name), whole).unwrap();
        }
        assert!(is_intact(folder.path()));
        fs::write(at("another"), "").unwrap();
        assert!(!is_intact(folder.path()), "a file that was not recorded");
        assert!(!is_intact(&at("no folder")));
    }
}
