#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use image::{Rgb, RgbImage};
use serde_json::json;

use super::*;

/// Stands in for `cfa-run`: one picture of one colour for each role.
fn inspected(folder: &Path, group: &str, number: u8, score: f32) -> Inspected {
    let save = |role: &str, color: [u8; 3]| {
        let path = folder.join(format!("{group}-{number}-{role}.png"));
        RgbImage::from_pixel(32, 32, Rgb(color))
            .save(&path)
            .unwrap();
        path
    };
    Inspected {
        group: group.to_owned(),
        stem: format!("{number:03}"),
        score,
        total_ms: 20.0,
        picture: save("picture", [90, 90, 90]),
        heatmap: save("heatmap", [number, 0, 200]),
        overlay: save("overlay", [200, number, 0]),
        mask: (group != "good").then(|| save("mask", [255; 3])),
    }
}

fn report(folder: &Path) -> Report {
    let mut pictures = vec![
        inspected(folder, "good", 0, 0.9),
        inspected(folder, "good", 1, 1.2),
    ];
    pictures.extend(
        (0..3).map(|number| inspected(folder, "missing_part", number, 2.0 + f32::from(number))),
    );
    pictures.push(inspected(folder, "burr", 0, 1.7));
    Report {
        metrics: Metrics {
            image_auroc: 0.9876,
            pixel_auroc: 0.9765,
        },
        inspected: pictures,
        manifest: json!({"backbone": {"name": "mobilenet_v2<&>"}, "memory_bank": {"centroids": 3136}}),
        training_secs: 61.2,
    }
}

#[test]
fn groups_are_sorted_with_the_good_ones_last_and_high_scores_first() {
    let temp = tempfile::tempdir().unwrap();
    let report = report(temp.path());
    let groups = report.groups();
    let names: Vec<&str> = groups.iter().map(|group| group.name).collect();
    assert_eq!(names, ["burr", "missing_part", "good"]);
    let stems: Vec<&str> = groups[1]
        .pictures
        .iter()
        .map(|picture| picture.stem.as_str())
        .collect();
    assert_eq!(stems, ["002", "001", "000"]);
}

#[test]
fn the_report_holds_each_picture_and_nothing_from_outside() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("report.html");
    let report = report(temp.path());
    write(&report, &path).unwrap();
    let page = fs::read_to_string(&path).unwrap();
    for picture in &report.inspected {
        assert!(page.contains(&format!(
            "{}/{} <b>{:.4}</b>",
            picture.group, picture.stem, picture.score
        )));
    }
    assert_eq!(
        page.matches("src=\"data:image/jpeg;base64,").count(),
        3 * report.inspected.len()
    );
    assert_eq!(page.matches("src=\"data:image/png;base64,").count(), 4);
    assert_eq!(
        page.matches("<img").count(),
        page.matches("src=\"data:").count()
    );
    assert!(!page.contains("http") && !page.contains("<script"));
    assert!(
        page.contains("0.988")
            && page.contains("3136")
            && page.contains("mobilenet_v2&lt;&amp;&gt;")
    );
}

#[test]
fn the_histogram_counts_each_picture_once() {
    let temp = tempfile::tempdir().unwrap();
    let svg = histogram::svg(&report(temp.path()));
    assert_eq!(svg.matches("class=\"good\"").count(), 2);
    assert_eq!(svg.matches("class=\"bad\"").count(), 4);
}

#[test]
fn equal_scores_still_give_a_histogram() {
    let temp = tempfile::tempdir().unwrap();
    let mut report = report(temp.path());
    for picture in &mut report.inspected {
        picture.score = 1.0;
    }
    let svg = histogram::svg(&report);
    assert!(!svg.contains("NaN") && !svg.contains("inf"));
}

#[test]
fn a_missing_picture_is_named() {
    let temp = tempfile::tempdir().unwrap();
    let report = report(temp.path());
    fs::remove_file(&report.inspected[0].overlay).unwrap();
    let error = write(&report, &temp.path().join("report.html")).unwrap_err();
    assert!(
        format!("{error:#}").contains("good-0-overlay.png"),
        "{error:#}"
    );
}
