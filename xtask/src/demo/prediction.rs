//! What `cfa-run predict --json` prints.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::report::Inspected;

/// The parts of a line that the report shows.
#[derive(Deserialize)]
struct Line {
    path: PathBuf,
    score: f32,
    milliseconds: Milliseconds,
    saved: Saved,
}

#[derive(Deserialize)]
struct Milliseconds {
    total: f32,
}

#[derive(Deserialize)]
struct Saved {
    heatmap: PathBuf,
    overlay: PathBuf,
}

/// One entry a picture of the data set's test part. Relative paths in `lines`
/// start at `root`, where the program ran.
pub(super) fn read(lines: &str, root: &Path, data: &Path) -> Result<Vec<Inspected>> {
    let inspected = lines
        .lines()
        .map(|line| parse(line, root, data))
        .collect::<Result<Vec<_>>>()?;
    if inspected.is_empty() {
        bail!("cfa-run predict printed no picture");
    }
    Ok(inspected)
}

fn parse(text: &str, root: &Path, data: &Path) -> Result<Inspected> {
    let line: Line = serde_json::from_str(text).with_context(|| {
        format!("cannot understand this line of `cfa-run predict --json`: {text}")
    })?;
    let picture = root.join(line.path);
    let (group, stem) = group_and_stem(&picture)
        .with_context(|| format!("{} is not a picture of the data set", picture.display()))?;
    let mask = data
        .join("ground_truth")
        .join(&group)
        .join(format!("{stem}_mask.png"));
    Ok(Inspected {
        mask: mask.is_file().then_some(mask),
        heatmap: root.join(line.saved.heatmap),
        overlay: root.join(line.saved.overlay),
        score: line.score,
        total_ms: line.milliseconds.total,
        picture,
        group,
        stem,
    })
}

/// `test/scratch/003.png` is picture `003` of the group `scratch`.
fn group_and_stem(picture: &Path) -> Option<(String, String)> {
    let group = picture.parent()?.file_name()?.to_str()?;
    Some((group.to_owned(), picture.file_stem()?.to_str()?.to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    const LINE: &str = r#"{"path":"target/test/scratch/003.png","score":1.5,"map":{"height":224,"width":224,"min":0.1,"max":1.5,"mean":0.3},"peak":{"x":10,"y":20},"picture":{"width":320,"height":320},"provider":"cpu","milliseconds":{"decode":1,"preprocess":1,"network":9,"neighbors":5,"map":2,"total":18},"saved":{"heatmap":"p/scratch/003_heatmap.png","overlay":"p/scratch/003_overlay.png"}}"#;

    #[test]
    fn a_line_becomes_an_entry_with_whole_paths() {
        let entries = read(LINE, Path::new("/checkout"), Path::new("/data")).unwrap();
        let [entry] = entries.as_slice() else {
            unreachable!("one line")
        };
        assert_eq!(
            (entry.group.as_str(), entry.stem.as_str()),
            ("scratch", "003")
        );
        assert_eq!(
            entry.heatmap,
            Path::new("/checkout/p/scratch/003_heatmap.png")
        );
        assert_eq!(entry.mask, None);
    }

    #[test]
    fn a_failed_picture_or_no_picture_is_an_error() {
        let failed = r#"{"path":"a.png","error":"truncated"}"#;
        let error = read(failed, Path::new("/"), Path::new("/")).unwrap_err();
        assert!(format!("{error:#}").contains("truncated"), "{error:#}");
        assert!(read("", Path::new("/"), Path::new("/")).is_err());
    }
}
