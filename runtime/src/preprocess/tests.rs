#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use ndarray::Axis;

use super::*;

const fn size(height: usize, width: usize) -> Size {
    Size { height, width }
}

/// Neither shifts nor scales: the network's input is the resized picture itself.
fn plain(resize: Size, center_crop: Option<Size>) -> Preprocessing {
    Preprocessing {
        mean: [0.0; 3],
        std: [1.0; 3],
        ..Preprocessing::imagenet(resize, center_crop)
    }
}

/// The paper's recipe without its normalisation.
fn paper(resize: usize, crop: usize) -> Preprocessing {
    Preprocessing {
        filter: ResizeFilter::Lanczos8Bit,
        aspect: AspectRule::ShorterSide,
        ..plain(size(resize, resize), Some(size(crop, crop)))
    }
}

/// Samples in no simple order, so that a swap of any axes shows.
fn pattern(width: u32, height: u32) -> Picture {
    let samples = (0..width * height * 3)
        .map(|i| (i * 37 % 251) as u8)
        .collect();
    Picture::from_rgb8(width, height, samples).unwrap()
}

mod golden {
    use std::ops::RangeTo;

    use super::*;
    use crate::golden_vectors::GoldenVectors;

    const WHOLE: RangeTo<usize> = ..usize::MAX;

    /// The upper left part of the picture that the references were made from,
    /// which is stored channel by channel.
    fn picture(reference: &GoldenVectors, part: RangeTo<usize>) -> Picture {
        let (shape, stored) = reference.bytes("pre/image_u8_chw");
        let [3, rows, columns] = shape[..] else {
            panic!("not 3×H×W")
        };
        let (height, width) = (rows.min(part.end), columns.min(part.end));
        let sample = |y, x, channel| stored[(channel * rows + y) * columns + x];
        let samples = (0..height)
            .flat_map(|y| (0..width).map(move |x| (y, x)))
            .flat_map(|(y, x)| [0, 1, 2].map(|channel| sample(y, x, channel)))
            .collect();
        Picture::from_rgb8(width as u32, height as u32, samples).unwrap()
    }

    /// 1e-5 on normalised values: f32 sums of up to 5×5 weights, divided by 0.225.
    fn assert_agrees(recipe: &Preprocessing, part: RangeTo<usize>, name: &str) {
        let Some(reference) = GoldenVectors::open("ops.safetensors") else {
            return;
        };
        let input = recipe.apply(&picture(&reference, part)).unwrap();
        let expected = reference.tensor(name);
        assert_eq!(input.shape(), &expected.shape()[1..], "{name}");
        let difference = &input - &expected.index_axis(Axis(0), 0);
        let largest = difference.iter().fold(0.0_f32, |most, d| most.max(d.abs()));
        assert!(largest <= 1e-5, "{name}: largest difference {largest:e}");
    }

    #[test]
    fn resize_and_normalisation_agree_with_the_reference() {
        let recipe = Preprocessing::imagenet(size(64, 64), None);
        assert_agrees(&recipe, WHOLE, "pre/anomalib_train_resize");
    }

    #[test]
    fn centre_crop_agrees_with_the_reference() {
        let recipe = Preprocessing::imagenet(size(64, 64), Some(size(56, 56)));
        assert_agrees(&recipe, WHOLE, "pre/anomalib_train_resize_crop");
    }

    #[test]
    fn resize_alone_agrees_with_the_reference() {
        assert_agrees(
            &plain(size(64, 64), None),
            WHOLE,
            "pre/anomalib_resize_only_antialias",
        );
    }

    /// Both round after each direction, but weigh with whole numbers of different
    /// width: 22 bits in Pillow, 15 here. So some samples fall on the other side of a
    /// half (57 of 16512 seen), none is farther away.
    #[test]
    fn lanczos_is_within_one_level_of_pillow() {
        let Some(reference) = GoldenVectors::open("ops.safetensors") else {
            return;
        };
        let picture = picture(&reference, WHOLE);
        assert_eq!(paper(64, 56).resized(121, 90), size(64, 86));
        let resized = resize::lanczos_8bit(&picture, size(64, 86)).unwrap();
        let (_, expected) = reference.bytes("pre/official_lanczos_u8");
        let pixels: Vec<_> = resized.rows().flatten().collect();
        let channels = (0..3).flat_map(|channel| pixels.iter().map(move |pixel| pixel.0[channel]));
        let levels = channels.map(|level| level as u8);
        let apart: Vec<u8> = levels.zip(&expected).map(|(a, b)| a.abs_diff(*b)).collect();
        assert_eq!(apart.len(), expected.len());
        assert!(apart.iter().all(|&levels| levels <= 1));
        let differing = apart.iter().filter(|&&levels| levels > 0).count();
        assert!(differing * 100 < apart.len(), "{differing} samples differ");
    }

    /// Shorter side, Lanczos, crop and normalisation of the official code; a level of
    /// 8 bits is 0.0175 after division by 0.224.
    #[test]
    fn the_recipe_of_the_paper_agrees_with_the_official_code() {
        let Some(reference) = GoldenVectors::open("ops.safetensors") else {
            return;
        };
        let recipe = Preprocessing {
            mean: IMAGENET_MEAN,
            std: IMAGENET_STD,
            ..paper(64, 56)
        };
        let input = recipe.apply(&picture(&reference, WHOLE)).unwrap();
        let expected = reference.tensor("pre/official_lanczos_crop");
        assert_eq!(input.shape(), expected.shape());
        let apart = input.iter().zip(&expected).map(|(a, b)| (a - b).abs());
        let apart: Vec<f32> = apart.collect();
        assert!(apart.iter().all(|&d| d < 0.0176), "more than a level");
        let differing = apart.iter().filter(|&&d| d > 1e-6).count();
        assert!(differing * 100 < apart.len(), "{differing} samples differ");
    }

    #[test]
    fn enlarging_agrees_with_the_reference() {
        // This reference is of the first 20 rows and columns only.
        assert_agrees(&plain(size(192, 192), None), ..20, "pre/upsize_antialias");
    }
}

#[test]
fn a_picture_of_the_right_size_is_not_resampled() {
    let picture = pattern(40, 24);
    let input = plain(size(24, 40), None).apply(&picture).unwrap();
    let pixels = picture.to_rgb8();
    for ((channel, row, column), &value) in input.indexed_iter() {
        let sample = pixels.get_pixel(column as u32, row as u32).0[channel];
        assert_eq!(value.to_bits(), (f32::from(sample) / 255.0).to_bits());
    }
}

/// Large pictures are taken in strips, several at a time; neither shows.
#[test]
fn strips_and_threads_change_no_bit() {
    use fast_image_resize::images::{TypedImage, TypedImageRef};
    use fast_image_resize::pixels::F32x3;
    use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

    let picture = pattern(401, 523);
    let pixels = picture.to_rgb8();
    let floats: Vec<_> = pixels
        .pixels()
        .map(|p| F32x3::new(p.0.map(f32::from)))
        .collect();
    let mut whole = TypedImage::new(40, 24);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    let source = TypedImageRef::new(401, 523, &floats).unwrap();
    Resizer::new()
        .resize_typed(&source, &mut whole, &options)
        .unwrap();
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let recipe = plain(size(24, 40), None);
        let input = pool.install(|| recipe.apply(&picture)).unwrap();
        for ((channel, row, column), &value) in input.indexed_iter() {
            let expected = whole.pixels()[row * 40 + column].0[channel] / 255.0;
            assert_eq!(value.to_bits(), expected.to_bits());
        }
    }
}

#[test]
fn the_same_picture_always_gives_the_same_bits() {
    let recipe = Preprocessing::imagenet(size(50, 70), Some(size(40, 60)));
    let (first, second) = (pattern(133, 91), pattern(133, 91));
    assert_eq!(
        recipe.apply(&first).unwrap(),
        recipe.apply(&second).unwrap()
    );
}

#[test]
fn sixteen_bits_are_not_cut_to_eight() {
    use crate::picture::{PixelFormat, PixelView};
    let data: Vec<u8> = (0..16 * 16)
        .flat_map(|_| 12_345_u16.to_ne_bytes())
        .collect();
    let view = PixelView {
        format: PixelFormat::Gray16,
        width_px: 16,
        height_px: 16,
        stride_bytes: 32,
        data: &data,
    };
    let input = plain(size(16, 16), None)
        .apply(&Picture::from_raw(&view).unwrap())
        .unwrap();
    assert!(
        input
            .iter()
            .all(|&value| value.to_bits() == (12_345.0_f32 / 65_535.0).to_bits())
    );
}

#[test]
fn each_channel_has_its_own_normalisation() {
    let white = Picture::from_rgb8(16, 16, vec![255; 16 * 16 * 3]).unwrap();
    let recipe = Preprocessing {
        mean: [0.0, 0.5, 0.25],
        std: [1.0, 0.5, 0.25],
        ..plain(size(16, 16), None)
    };
    let input = recipe.apply(&white).unwrap();
    let found = [0, 1, 2].map(|channel| input[[channel, 7, 7]].to_bits());
    assert_eq!(found, [1.0_f32, 1.0, 3.0].map(f32::to_bits));
}

#[test]
fn an_odd_margin_is_halved_to_the_even_side() {
    let offset = |resize, crop| {
        let Size { height, width } = plain(resize, Some(crop)).crop_offset(resize);
        (height, width)
    };
    // margins 1, 3, 5, 7 → 0.5, 1.5, 2.5, 3.5 → 0, 2, 2, 4
    assert_eq!(offset(size(11, 13), size(10, 10)), (0, 2));
    assert_eq!(offset(size(15, 17), size(10, 10)), (2, 4));
    assert_eq!(offset(size(256, 256), size(224, 224)), (16, 16));
}

#[test]
fn recipes_that_cannot_be_carried_out_are_refused() {
    let good = || plain(size(32, 32), Some(size(16, 16)));
    assert_eq!(good().validate(), Ok(()));
    let picture = pattern(20, 20);
    let resize = |resize| Preprocessing { resize, ..good() };
    let crop = |height, width| Preprocessing {
        center_crop: Some(size(height, width)),
        ..good()
    };
    let mean = |value| Preprocessing {
        mean: [0.0, value, 0.0],
        ..good()
    };
    let std = |value| Preprocessing {
        std: [1.0, value, 1.0],
        ..good()
    };
    let bad = [
        resize(size(0, 32)),
        resize(size(32, Preprocessing::MAX_SIDE_PX + 1)),
        crop(33, 16),
        crop(16, 33),
        crop(0, 16),
        mean(f32::NAN),
        std(0.0),
        std(-1.0),
        std(f32::NAN),
        std(f32::INFINITY),
        std(f32::from_bits(1)),
        Preprocessing {
            center_crop: None,
            ..paper(32, 16)
        },
        Preprocessing {
            resize: size(32, 40),
            ..paper(32, 16)
        },
    ];
    for recipe in bad {
        assert!(recipe.apply(&picture).is_err(), "{recipe:?}");
    }
}

#[test]
fn settings_survive_json_and_unknown_ones_are_refused() {
    let recipe = Preprocessing::imagenet(size(256, 250), Some(size(224, 220)));
    let json = serde_json::to_string(&recipe).unwrap();
    assert!(
        json.contains(r#""filter":"bilinear_antialias","aspect":"stretch""#),
        "{json}"
    );
    assert_eq!(
        serde_json::from_str::<Preprocessing>(&json).unwrap(),
        recipe
    );
    let longer = json.replacen('{', r#"{"rotate":90,"#, 1);
    assert!(serde_json::from_str::<Preprocessing>(&longer).is_err());
}

#[test]
fn the_shorter_side_gets_the_size_and_the_longer_one_follows() {
    let recipe = paper(256, 224);
    assert_eq!(recipe.resized(500, 1250), size(640, 256));
    assert_eq!(recipe.resized(1250, 500), size(256, 640));
    assert_eq!(recipe.resized(101, 100), size(256, 258));
    assert_eq!(recipe.resized(77, 77), size(256, 256));
    let input = recipe.apply(&pattern(50, 125)).unwrap();
    assert_eq!(input.dim(), (3, 224, 224));
    let endless = recipe.apply(&pattern(2, 200)).unwrap_err();
    assert!(endless.to_string().contains("4096 px"), "{endless}");
    let json = serde_json::to_string(&recipe).unwrap();
    assert!(
        json.contains(r#""filter":"lanczos_8bit","aspect":"shorter_side""#),
        "{json}"
    );
}

#[test]
fn masks_take_the_pixel_under_the_centre() {
    // 5 → 3: centres at 0.83, 2.5 and 4.17 lie in pixels 0, 2 and 4.
    let column = |i| nearest(i, 5, 3);
    assert_eq!([0, 1, 2].map(column), [0, 2, 4]);
    let mask = Mask::new(5, 1, vec![true, false, true, false, false]).unwrap();
    let resized = plain(size(1, 3), None).apply_mask(&mask);
    assert_eq!(resized.into_raw_vec_and_offset().0, [true, true, false]);
}

#[test]
fn masks_are_cropped_like_pictures() {
    let mut defects = vec![false; 32 * 32];
    defects[9 * 32 + 11] = true;
    let mask = Mask::new(32, 32, defects).unwrap();
    let cropped = plain(size(32, 32), Some(size(16, 16))).apply_mask(&mask);
    let marked: Vec<_> = cropped
        .indexed_iter()
        .filter(|(_, defect)| **defect)
        .collect();
    assert_eq!(marked, [((1, 3), &true)]);
}

mod geometry {
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
    fn picture_with_dot(
        width: u32,
        height: u32,
        centre: (u32, u32),
        radius: (u32, u32),
    ) -> Picture {
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
}
