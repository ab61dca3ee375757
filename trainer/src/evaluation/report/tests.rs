#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use cfa_runtime::picture::Mask;
use image::{GrayImage, Luma, Rgb, RgbImage};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::json;

use super::exhibit::Exhibit;
use super::page::{Page, Section};
use super::{ReportSettings, choice, curves, histogram, thumbnail};
use crate::dataset::TestPicture;
use crate::evaluation::{Evaluation, Figures, PictureScore};

fn seen(defect: &str, number: u8, score: f32) -> PictureScore {
    PictureScore {
        picture: TestPicture {
            path: PathBuf::from(format!("test/{defect}/{number:03}.png")),
            defect: defect.to_owned(),
            mask: None,
        },
        score,
        total_ms: f64::from(number) + 20.0,
    }
}

fn figures(images: usize, defective: usize) -> Figures {
    Figures {
        image_auroc: Some(0.987_64),
        image_aupr: Some(0.912_34),
        image_f1max: Some(0.9),
        image_f1max_threshold: Some(1.3),
        pixel_auroc: None,
        pixel_f1max: None,
        pixel_f1max_threshold: None,
        aupro_03: None,
        aupro_005: None,
        images,
        defective,
        regions: None,
        whole_pictures: None,
    }
}

fn evaluation() -> Evaluation {
    let mut pictures = vec![seen("good", 0, 0.9), seen("good", 1, 1.4)];
    pictures.extend((0..9).map(|number| seen("missing_part", number, 2.0 + f32::from(number))));
    pictures.push(seen("<burr>", 0, 1.2));
    let defects = [("missing_part", 11, 9), ("<burr>", 3, 1)]
        .map(|(name, images, defective)| (name.to_owned(), figures(images, defective)));
    Evaluation {
        overall: figures(12, 10),
        defects: BTreeMap::from(defects),
        provider: Some("cpu"),
        masks_without_orientation: Vec::new(),
        pictures,
        ..Evaluation::default()
    }
}

fn exhibit(seen: &PictureScore) -> Exhibit {
    let stem = seen.picture.path.file_stem().unwrap().to_string_lossy();
    let data = || "data:image/png;base64,".to_owned();
    Exhibit {
        name: format!("{}/{stem}", seen.picture.defect),
        score: seen.score,
        defective: seen.picture.is_defective(),
        picture: data(),
        heatmap: data(),
        overlay: data(),
        mask: seen.picture.is_defective().then(data),
    }
}

fn html(evaluation: &Evaluation) -> String {
    let chosen = choice(evaluation, false).into_iter();
    let sections = chosen.map(|(title, note, pictures)| Section {
        title,
        note,
        exhibits: pictures.into_iter().map(exhibit).collect(),
    });
    let settings = ReportSettings {
        title: "a & b".to_owned(),
        model_file: "model<&>.cfa".to_owned(),
        model_sha256: "0123abcd".to_owned(),
        all_pictures: false,
    };
    Page {
        settings: &settings,
        evaluation,
        manifest: json!({
            "backbone": {"name": "mobilenet_v2"},
            "preprocessing": {"resize": {"height": 256, "width": 640}, "center_crop": null},
            "memory_bank": {"centroids": 3136},
            "anomaly_map": {"sigma": 0.17_f32},
        }),
        sections: sections.collect(),
    }
    .html()
    .unwrap()
    .into_string()
}

fn curves_html(evaluation: &Evaluation) -> String {
    curves::html(evaluation).unwrap().into_string()
}

fn scores(pictures: &[&PictureScore]) -> Vec<f32> {
    pictures.iter().map(|seen| seen.score).collect()
}

#[test]
fn the_worst_come_first_and_everything_only_when_asked_for() {
    let evaluation = evaluation();
    let worst = choice(&evaluation, false);
    assert_eq!(worst.len(), 2);
    assert_eq!(
        scores(&worst[0].2),
        [1.2, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    );
    assert_eq!(scores(&worst[1].2), [1.4, 0.9]);
    let all = choice(&evaluation, true);
    let names: Vec<&str> = all[2..].iter().map(|(name, ..)| &**name).collect();
    assert_eq!(names, ["<burr>", "missing part", "good"]);
    assert_eq!(all[3].2.len(), 9);
    assert_eq!(scores(&all[4].2), [1.4, 0.9]);
}

#[test]
fn the_page_needs_nothing_from_outside_and_escapes_names() {
    let page = html(&evaluation());
    assert!(!page.contains("http") && !page.contains("<script") && !page.contains("url("));
    assert_eq!(
        page.matches("<img").count(),
        page.matches("src=\"data:").count()
    );
    assert!(!page.contains("<burr>") && page.contains("&lt;burr&gt;"));
    assert!(page.contains("<title>a &amp; b</title>") && page.contains("model&lt;&amp;&gt;.cfa"));
}

#[test]
fn the_page_holds_figures_settings_and_what_went_wrong() {
    let page = html(&evaluation());
    for part in [
        "0.9876",
        "0.9123",
        "<dt>pixel AUROC</dt><dd>–</dd>",
        "0123abcd",
        "3136",
        "256 × 640",
        "<td>0.17</td>",
        "2 good and 10 defective",
        "2 kinds of defect",
        "&lt;burr&gt;/000 <b>1.2000</b> <em>missed</em>",
        "good/001 <b>1.4000</b> <em>false alarm</em>",
        "good/000 <b>0.9000</b></figcaption>",
        // Lowest, median and highest score of the good ones.
        "<td>0.9000</td><td>1.1500</td><td>1.4000</td>",
        "<th>Centre crop</th><td>none</td>",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn the_histogram_counts_each_picture_once() {
    let svg = histogram::html(&evaluation()).into_string();
    let heights = |class: &str| -> f32 {
        let class = format!("class=\"{class}\"");
        let bars = svg.split(&class).skip(1);
        let heights = bars.map(|bar| bar.split("height=\"").nth(1).unwrap());
        heights
            .map(|h| h.split('"').next().unwrap().parse::<f32>().unwrap())
            .sum()
    };
    // Two pictures share the fullest bin, so one is 50 high; two digits are written.
    assert!((heights("good") - 100.0).abs() < 0.1, "{svg}");
    assert!((heights("bad") - 500.0).abs() < 0.1, "{svg}");
    assert_eq!(svg.matches("class=\"threshold\"").count(), 1);
}

#[test]
fn equal_scores_and_one_class_still_give_a_page() {
    let mut evaluation = evaluation();
    for picture in &mut evaluation.pictures {
        picture.score = 1.0;
    }
    assert!(!html(&evaluation).contains("NaN") && !html(&evaluation).contains("inf%"));
    evaluation
        .pictures
        .retain(|seen| !seen.picture.is_defective());
    assert!(curves_html(&evaluation).starts_with("<p>"));
    evaluation.pictures.clear();
    assert_eq!(histogram::html(&evaluation).into_string(), "");
    assert!(html(&evaluation).contains("</html>"));
}

/// Descending: burr 1.2 stands behind the good picture of 1.4.
#[test]
fn the_curves_run_through_the_points() {
    let html = curves_html(&evaluation());
    assert!(html.contains("d=\"M0 100L0.00 90.00"), "{html}");
    assert!(
        html.contains("L50.00 10.00L50.00 0.00L100.00 0.00\""),
        "{html}"
    );
    assert!(html.contains("d=\"M0 0.00H10.00V0.00H20.00"), "{html}");
}

#[test]
fn an_outline_runs_around_the_mask_and_not_over_it() {
    let mask = Mask::new(9, 9, (0..81).map(|place| place == 40).collect()).unwrap();
    let small = thumbnail::mask(&mask).unwrap();
    assert_eq!(small.dimensions(), (9, 9));
    let mut picture = RgbImage::new(9, 9);
    thumbnail::outline(&mut picture, &small);
    let drawn = picture
        .pixels()
        .filter(|&&pixel| pixel != Rgb([0; 3]))
        .count();
    assert_eq!(drawn, 24);
    assert_eq!(*picture.get_pixel(4, 4), Rgb([0; 3]));
    assert_ne!(*picture.get_pixel(2, 6), Rgb([0; 3]));
}

#[test]
fn thumbnails_keep_the_shape_and_the_thinnest_defect() {
    let tall = thumbnail::small(&RgbImage::new(500, 1250));
    assert_eq!(tall.dimensions(), (128, 320));
    assert_eq!(
        thumbnail::small(&RgbImage::new(64, 48)).dimensions(),
        (64, 48)
    );
    let crack = Mask::new(1250, 500, (0..625_000).map(|i| i % 1250 == 700).collect()).unwrap();
    let small: GrayImage = thumbnail::mask(&crack).unwrap();
    assert_eq!(small.dimensions(), (320, 128));
    for row in 0..128 {
        let found = (0..320).any(|column| *small.get_pixel(column, row) == Luma([255]));
        assert!(found, "{row}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    /// Whatever folders and files are called, the page has the same elements and attributes.
    #[test]
    fn names_never_become_markup(name in "[a-z<>&\"'/= ]{1,20}") {
        let named = |name: &str| {
            let mut evaluation = evaluation();
            evaluation.pictures.push(seen(name, 7, 1.3));
            evaluation.defects.insert(name.to_owned(), figures(3, 1));
            html(&evaluation)
        };
        let marks = |page: &str| ['<', '>', '"'].map(|mark| page.matches(mark).count());
        prop_assert_eq!(marks(&named(&name)), marks(&named("plain")));
    }
}
