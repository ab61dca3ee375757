//! `cfa-run verify` and `cfa-run info`.

use std::io::Write;
use std::process::Stdio;

use cfa_runtime::Bundle;
use cfa_runtime::bundle::write_bundle;

use crate::harness::{Folder, Run, cfa_run, program, tiny_bundle};

#[test]
fn the_committed_bundle_replays_on_this_machine() {
    let bundle = tiny_bundle();
    let samples = cfa_run(["verify".as_ref(), bundle.as_os_str()]);
    samples.fine();
    assert!(samples.stdout().starts_with("ok"));
    let lines = cfa_run(["verify".as_ref(), bundle.as_os_str(), "--json".as_ref()]).fine();
    assert!(!lines.is_empty());
    for line in lines {
        assert_eq!(line["ok"], true, "{line}");
        assert!(line["largest_map_error"].as_f64() <= line["tolerance"].as_f64());
    }
}

#[test]
fn a_recorded_map_that_differs_fails() {
    let bundle = Bundle::open(&tiny_bundle()).unwrap();
    let tolerance = bundle.manifest().settings.golden_tolerance;
    let mut parts = bundle.into_parts();
    let map = &mut parts.golden[0].anomaly_map;
    let largest = map.iter().copied().fold(0.0, f32::max);
    let smallest = map.iter_mut().min_by(|a, b| a.total_cmp(b)).unwrap();
    *smallest -= 3.0 * tolerance * largest;
    let folder = Folder::new();
    let path = folder.at("changed.cfa");
    write_bundle(&path, parts).unwrap();
    let run = cfa_run(["verify".as_ref(), path.as_os_str()]);
    run.refused(&["DIFFERENT"]);
    // Also where nobody reads to the end, as in `cfa-run verify … | head -1`.
    for json in [&["--json"][..], &[]] {
        let run = Run::unread(program().arg("verify").arg(&path).args(json));
        assert_eq!((run.code(), run.stderr().as_str()), (Some(2), ""));
    }
    let fine = Run::unread(program().arg("verify").arg(tiny_bundle()));
    assert_eq!((fine.code(), fine.stderr().as_str()), (Some(0), ""));
}

/// As in `cfa-run verify <(zstd -dc model.cfa.zst)`: what comes through a pipe comes once.
#[cfg(unix)]
#[test]
fn a_bundle_may_come_through_a_pipe() {
    let bundle = std::fs::read(tiny_bundle()).unwrap();
    for head in ["host", "graph"] {
        let mut child = program()
            .args(["verify", "/dev/stdin", "--json", "--head", head])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&bundle).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), said.as_ref()), (Some(0), ""));
    }
}

#[test]
fn info_prints_the_manifest() {
    let bundle = tiny_bundle();
    let lines = cfa_run(["info".as_ref(), bundle.as_os_str()]);
    lines.fine();
    assert!(lines.stdout().contains("memory bank"));
    let json = cfa_run(["info".as_ref(), bundle.as_os_str(), "--json".as_ref()]).stdout();
    let manifest: cfa_runtime::bundle::Manifest = serde_json::from_str(&json).unwrap();
    assert_eq!(&manifest, Bundle::open(&bundle).unwrap().manifest());
}
