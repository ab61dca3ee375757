//! Sizes and places: what of a picture the network sees, and where that lies in it.

use super::*;

/// Width, height: from a strip to a column, both smaller and larger than the map.
const PICTURES: [(u32, u32); 20] = [
    (64, 64),
    (100, 100),
    (1024, 1024),
    (640, 480),
    (480, 640),
    (1920, 1080),
    (1080, 1920),
    (2000, 200),
    (200, 2000),
    (333, 777),
    (777, 333),
    (65, 63),
    (63, 65),
    (300, 1200),
    (1200, 300),
    (127, 129),
    (500, 499),
    (1500, 100),
    (100, 1500),
    (40, 50),
];

fn recipes() -> [Preprocessing; 5] {
    [
        paper(64, 60),
        plain(size(64, 64), None),
        plain(size(64, 64), Some(size(56, 56))),
        plain(size(70, 51), Some(size(47, 40))),
        plain(size(48, 96), None),
    ]
}

#[test]
fn there_and_back_is_the_same_place() {
    for recipe in recipes() {
        for (width, height) in PICTURES {
            let geometry = recipe.geometry(width, height);
            for (x, y) in [(0.0, 0.0), (13.0, 29.0), (-0.5, -0.5), (46.5, 39.5)] {
                let back = geometry
                    .map_from_picture(geometry.picture_from_map(Point { x_px: x, y_px: y }));
                // f64 rounding on coordinates below 100.
                assert!((back.x_px - x).abs() < 1e-11 && (back.y_px - y).abs() < 1e-11);
            }
        }
    }
}

/// The dot covers at least a pixel of the map, so that it stays the brightest.
fn picture_with_dot(width: u32, height: u32, centre: (u32, u32), radius: (u32, u32)) -> Picture {
    let near = |position: u32, centre: u32, radius: u32| position.abs_diff(centre) <= radius;
    let samples = (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .map(|(x, y)| near(x, centre.0, radius.0) && near(y, centre.1, radius.1))
        .flat_map(|dot| [if dot { 255 } else { 0 }; 3])
        .collect();
    Picture::from_rgb8(width, height, samples).unwrap()
}

/// Centre of mass of the red channel: where the dot has ended up.
fn dot_in_map(recipe: &Preprocessing, picture: &Picture) -> Point {
    let input = recipe.apply(picture).unwrap();
    let red = input.index_axis(Axis(0), 0);
    let total: f64 = red.iter().map(|&v| f64::from(v)).sum();
    assert!(total > 0.0, "the dot is gone");
    let mean = |along: fn((usize, usize)) -> usize| {
        red.indexed_iter()
            .map(|(at, &v)| along(at) as f64 * f64::from(v))
            .sum::<f64>()
            / total
    };
    Point {
        x_px: mean(|at| at.1),
        y_px: mean(|at| at.0),
    }
}

#[test]
fn a_dot_is_found_again_where_the_mapping_says() {
    let places = [(0.5, 0.5), (0.3, 0.6), (0.7, 0.35)].into_iter().cycle();
    for recipe in recipes() {
        for ((width, height), (across, down)) in PICTURES.into_iter().zip(places.clone()) {
            let geometry = recipe.geometry(width, height);
            let seen = geometry.inspected_rect();
            let centre = (
                (seen.left_px + seen.width_px * across) as u32,
                (seen.top_px + seen.height_px * down) as u32,
            );
            let radius = (
                (seen.width_px / 50.0).ceil() as u32,
                (seen.height_px / 50.0).ceil() as u32,
            );
            let expected = geometry.map_from_picture(Point {
                x_px: f64::from(centre.0),
                y_px: f64::from(centre.1),
            });
            let found = dot_in_map(&recipe, &picture_with_dot(width, height, centre, radius));
            let apart = (found.x_px - expected.x_px, found.y_px - expected.y_px);
            // The resize's weights move a centre of mass by up to 0.06;
            // a mapping from corners instead of centres by up to 0.48.
            assert!(
                apart.0.abs() <= 0.1 && apart.1.abs() <= 0.1,
                "{width}×{height} at {centre:?}: {apart:?} px apart"
            );
        }
    }
}

#[test]
fn without_a_crop_the_whole_picture_is_inspected() {
    let rect = plain(size(64, 48), None)
        .geometry(640, 100)
        .inspected_rect();
    let expected = Rect {
        left_px: -0.5,
        top_px: -0.5,
        width_px: 640.0,
        height_px: 100.0,
    };
    // f64 rounding on coordinates below 1000.
    let apart = [
        rect.left_px - expected.left_px,
        rect.top_px - expected.top_px,
        rect.width_px - expected.width_px,
        rect.height_px - expected.height_px,
    ];
    assert!(
        apart.iter().all(|difference| difference.abs() < 1e-9),
        "{rect:?}"
    );
}

#[test]
fn a_crop_leaves_its_share_of_the_picture() {
    let geometry = plain(size(256, 256), Some(size(224, 224))).geometry(1024, 512);
    let rect = geometry.inspected_rect();
    let expected = Rect {
        left_px: 63.5,
        top_px: 31.5,
        width_px: 896.0,
        height_px: 448.0,
    };
    assert_eq!(rect, expected);
    assert!(rect.contains(Point {
        x_px: 64.0,
        y_px: 32.0
    }));
    assert!(!rect.contains(Point {
        x_px: 63.0,
        y_px: 32.0
    }));
    assert!(rect.contains(Point {
        x_px: 959.0,
        y_px: 479.0
    }));
    assert!(!rect.contains(Point {
        x_px: 960.0,
        y_px: 479.0
    }));
}
