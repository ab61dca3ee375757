//! Free space on the disk.

use std::{path::Path, process::Command};

use anyhow::{Result, ensure};

/// For block rounding and pip's small files.
const SPARE_BYTES: u64 = 50_000_000;

/// Fails when the disk below `folder` has less than `needed_bytes` and a little
/// more to spare. Where `df` cannot tell, nothing is refused.
pub(crate) fn require(folder: &Path, needed_bytes: u64) -> Result<()> {
    let Some(free_bytes) = free_bytes(folder) else {
        return Ok(());
    };
    let needed_bytes = needed_bytes + SPARE_BYTES;
    ensure!(
        free_bytes >= needed_bytes,
        "the disk is too full: {} needs {} MB for download and unpacking, {} MB are free. \
         Make room and run the same command again{}",
        folder.display(),
        needed_bytes.div_ceil(1_000_000),
        free_bytes / 1_000_000,
        "; `cargo xtask setup --runtime` needs far less, but cannot train",
    );
    Ok(())
}

fn free_bytes(folder: &Path) -> Option<u64> {
    let output = Command::new("df").arg("-Pk").arg(folder).output().ok()?;
    parse_df(&String::from_utf8_lossy(&output.stdout))
}

/// The fourth column of POSIX `df -Pk` is the free space in KiB.
fn parse_df(text: &str) -> Option<u64> {
    let kib: u64 = text
        .lines()
        .nth(1)?
        .split_whitespace()
        .nth(3)?
        .parse()
        .ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn the_free_space_is_the_fourth_column() {
        let text =
            "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 100 60 40 60% /\n";
        assert_eq!(parse_df(text), Some(40 * 1024));
        assert_eq!(parse_df("df: nothing\n"), None);
    }

    #[test]
    fn too_little_space_is_said_in_megabytes() {
        let error = require(Path::new("/"), u64::MAX / 2)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("too full") && error.contains("MB are free"),
            "{error}"
        );
        require(Path::new("/"), 0).unwrap();
    }
}
