#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod geometry;
mod golden;
mod properties;
mod white_level;

use ndarray::Axis;

use super::*;

const fn size(height: usize, width: usize) -> Size {
    Size { height, width }
}

/// Neither shifts nor scales: the network's input is the resized picture itself.
fn plain(resize: Size, center_crop: Option<Size>) -> Preprocessing {
    Preprocessing::new(plain_parts(resize, center_crop)).unwrap()
}

fn plain_parts(resize: Size, center_crop: Option<Size>) -> PreprocessingParts {
    PreprocessingParts {
        mean: [0.0; 3],
        std: [1.0; 3],
        ..PreprocessingParts::imagenet(resize, center_crop)
    }
}

/// The paper's recipe without its normalisation.
fn paper(resize: usize, crop: usize) -> Preprocessing {
    Preprocessing::new(paper_parts(resize, crop)).unwrap()
}

fn paper_parts(resize: usize, crop: usize) -> PreprocessingParts {
    PreprocessingParts {
        filter: ResizeFilter::Lanczos8Bit,
        aspect: AspectRule::ShorterSide,
        ..plain_parts(size(resize, resize), Some(size(crop, crop)))
    }
}

/// Samples in no simple order, so that a swap of any axes shows.
fn pattern(width: u32, height: u32) -> Picture {
    let samples = (0..width * height * 3)
        .map(|i| (i * 37 % 251) as u8)
        .collect();
    Picture::from_rgb8(width, height, samples).unwrap()
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
    let recipe = Preprocessing::imagenet(size(50, 70), Some(size(40, 60))).unwrap();
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
    let recipe = plain(size(16, 16), None)
        .changed(|parts| {
            parts.mean = [0.0, 0.5, 0.25];
            parts.std = [1.0, 0.5, 0.25];
        })
        .unwrap();
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
    let good = || plain_parts(size(32, 32), Some(size(16, 16)));
    assert!(Preprocessing::new(good()).is_ok());
    let resize = |resize| PreprocessingParts { resize, ..good() };
    let crop = |height, width| PreprocessingParts {
        center_crop: Some(size(height, width)),
        ..good()
    };
    let mean = |value| PreprocessingParts {
        mean: [0.0, value, 0.0],
        ..good()
    };
    let std = |value| PreprocessingParts {
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
        // Finite by themselves, but not what they make of a white pixel.
        PreprocessingParts {
            std: [0.1; 3],
            ..mean(-3e38)
        },
        PreprocessingParts {
            center_crop: None,
            ..paper_parts(32, 16)
        },
        PreprocessingParts {
            resize: size(32, 40),
            ..paper_parts(32, 16)
        },
    ];
    for parts in bad {
        let json = serde_json::to_string(&parts).unwrap();
        assert!(Preprocessing::new(parts.clone()).is_err(), "{parts:?}");
        assert!(
            serde_json::from_str::<Preprocessing>(&json).is_err(),
            "{parts:?}"
        );
        let change = |changed: &mut PreprocessingParts| changed.clone_from(&parts);
        assert!(paper(32, 16).changed(change).is_err(), "{parts:?}");
    }
}

#[test]
fn settings_survive_json_and_unknown_ones_are_refused() {
    let recipe = Preprocessing::imagenet(size(256, 250), Some(size(224, 220))).unwrap();
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
