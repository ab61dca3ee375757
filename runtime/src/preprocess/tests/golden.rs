//! Against the resize that the reference recorded.

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
    let recipe = Preprocessing::imagenet(size(64, 64), None).unwrap();
    assert_agrees(&recipe, WHOLE, "pre/anomalib_train_resize");
}

#[test]
fn centre_crop_agrees_with_the_reference() {
    let recipe = Preprocessing::imagenet(size(64, 64), Some(size(56, 56))).unwrap();
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
    let resized = resize::lanczos_8bit(&picture.to_rgb8(), size(64, 86)).unwrap();
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
    let imagenet = PreprocessingParts::imagenet(size(64, 64), None);
    let recipe = paper(64, 56)
        .changed(|parts| (parts.mean, parts.std) = (imagenet.mean, imagenet.std))
        .unwrap();
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
