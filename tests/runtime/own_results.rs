//! What `--save` wrote is never inspected as if it were a picture of a part.

use std::fs;
use std::path::Path;

use crate::harness::{Folder, Run, predict};

fn save_all(inputs: &Path, out: &Path, json: bool) -> Run {
    let json = if json { "--json" } else { "--threads=2" };
    predict([
        json.as_ref(),
        "--save=heatmap,overlay,tiff".as_ref(),
        "--out".as_ref(),
        out.as_os_str(),
        inputs.as_os_str(),
    ])
}

#[test]
fn a_second_run_inspects_the_pictures_alone() {
    for out in ["in", "in/results", "in/a/results"] {
        let folder = Folder::new();
        folder.draw("in/a/1.png", 64, 64, 1);
        folder.draw("in/2.jpg", 64, 64, 2);
        let (inputs, out) = (folder.at("in"), folder.at(out));
        let first = save_all(&inputs, &out, true).fine();
        assert_eq!(first.len(), 2);
        let again = save_all(&inputs, &out, true);
        assert_eq!(again.code(), Some(0));
        let lines = again.json_lines();
        for (first, again) in first.iter().zip(&lines) {
            for key in ["path", "score", "saved"] {
                assert_eq!(first[key], again[key]);
            }
        }
        assert_eq!((lines.len(), again.stdout().lines().count()), (2, 2));
        let remarks = again.stderr();
        assert_eq!(remarks.lines().count(), 1, "{remarks}");
        assert!(remarks.contains("passed over 6 results"), "{remarks}");
        assert!(remarks.contains("_heatmap.png"), "{remarks}");
    }
}

#[test]
fn a_table_tells_how_many_were_passed_over() {
    let folder = Folder::new();
    folder.draw("in/1.png", 64, 64, 1);
    let inputs = folder.at("in");
    save_all(&inputs, &inputs, false);
    let again = save_all(&inputs, &inputs, false);
    assert_eq!((again.code(), again.stdout().lines().count()), (Some(0), 2));
    let told = again.stderr();
    assert!(
        told.contains("1 inspected, 0 failed, 3 passed over"),
        "{told}"
    );
}

/// Whatever they are called by now, and also if they are named one by one.
#[test]
fn results_are_known_by_their_content() {
    let folder = Folder::new();
    let picture = folder.draw("1.png", 64, 64, 1);
    let out = folder.at("out");
    save_all(&picture, &out, false);
    fs::rename(out.join("1_overlay.png"), out.join("part.png")).unwrap();
    let run = predict([out.join("part.png"), out.join("1.tiff"), picture.clone()]);
    assert_eq!((run.code(), run.stdout().lines().count()), (Some(0), 2));
    assert!(run.stderr().contains("2 results"), "{}", run.stderr());
    predict([out.join("part.png")]).refused(&["no picture was inspected", "part.png"]);
}

/// A picture that is called like a result is a picture.
#[test]
fn names_do_not_make_a_result() {
    let folder = Folder::new();
    folder.draw("in/1.png", 64, 64, 1);
    folder.draw("in/1_heatmap.png", 64, 64, 2);
    let before = fs::read(folder.at("in/1_heatmap.png")).unwrap();
    let inputs = folder.at("in");
    let lines = save_all(&inputs, &inputs, true).fine();
    assert_eq!(lines.len(), 2);
    assert_eq!(fs::read(folder.at("in/1_heatmap.png")).unwrap(), before);
}
