//! How `cfa-run predict` judged the test pictures.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// The parts of a line of `cfa-run predict --json` that matter here.
#[derive(Deserialize)]
struct Line {
    path: String,
    verdict: Option<Verdict>,
}

#[derive(Deserialize)]
struct Verdict {
    decision: String,
}

/// A line for the sound and one for the defective washers.
pub(super) fn text(json_lines: &str) -> Result<String> {
    let mut counts: BTreeMap<(bool, String), usize> = BTreeMap::new();
    for line in json_lines.lines() {
        let line: Line = serde_json::from_str(line).context("cfa-run printed something else")?;
        let defective = Path::new(&line.path)
            .parent()
            .is_none_or(|p| !p.ends_with("good"));
        let decision = line.verdict.map_or("not judged".to_owned(), |v| v.decision);
        *counts.entry((defective, decision)).or_default() += 1;
    }
    let mut text = String::new();
    for (defective, name) in [(false, "sound"), (true, "defective")] {
        let of_kind = counts.iter().filter(|((kind, _), _)| *kind == defective);
        let parts: Vec<String> = of_kind
            .map(|((_, decision), count)| format!("{count} {decision}"))
            .collect();
        let _ = writeln!(text, "verdicts on {name} washers: {}", parts.join(", "));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn verdicts_are_counted_by_kind() {
        let lines = r#"{"path":"t/good/0.png","verdict":{"decision":"pass"},"score":1}
{"path":"t/good/1.png","verdict":{"decision":"review"}}
{"path":"t/good/2.png","verdict":{"decision":"pass"}}
{"path":"t/burr/0.png","verdict":{"decision":"reject"}}
{"path":"t/burr/1.png","verdict":null}"#;
        assert_eq!(
            text(lines).unwrap(),
            "verdicts on sound washers: 2 pass, 1 review\n\
             verdicts on defective washers: 1 not judged, 1 reject\n"
        );
        assert!(text("no JSON").is_err());
    }
}
