//! A few pictures with the maps that libtorch gives for them, so that any device
//! can prove that it computes the same from the picture on.

use cfa_runtime::BrokenInvariant;
use cfa_runtime::bundle::GoldenRecord;
use cfa_runtime::picture::Picture;
use image::RgbImage;
use image::imageops::{self, FilterType};
use rand::RngExt;

use super::request::ExportRequest;
use crate::cfa::model::CfaModel;
use crate::error::TrainError;
use crate::random::random_stream;
use crate::tensor::{host_values, matrix};
use crate::training::FeatureExtractor;

/// A recorded sample.
pub(super) struct Golden {
    pub(super) name: &'static str,
    pub(super) score: f32,
    pub(super) record: GoldenRecord,
}

/// Two training pictures, one of them with a foreign patch, and noise; larger than
/// the network's input, so that the resize is part of the proof.
pub(super) fn record(
    request: &ExportRequest<'_>,
    extractor: &FeatureExtractor,
    model: &CfaModel,
) -> Result<Vec<Golden>, TrainError> {
    let size = request.settings.options().image_size;
    let width = (size.width + size.width / 4) as u32;
    let height = (size.height + size.height / 8) as u32;
    let recipe = request.settings.preprocessing();
    let reading = recipe.reading(request.picture_limits);
    let mut samples = Vec::new();
    for (name, path) in ["first good", "last good"]
        .iter()
        .zip(ends(request.pictures))
    {
        let picture = recipe.to_rgb8(&Picture::open(path, &reading)?);
        samples.push((
            *name,
            imageops::resize(&picture, width, height, FilterType::Triangle),
        ));
    }
    if samples.is_empty() {
        samples.push(("drawing", drawing(width, height)));
    }
    let (first, picture) = &samples[0];
    let name = match *first {
        "drawing" => "drawing, patched",
        _ => "first good, patched",
    };
    let patched = with_patch(picture.clone());
    samples.push((name, patched));
    samples.push(("noise", noise(width, height)));
    samples
        .into_iter()
        .map(|(name, picture)| golden(name, picture, extractor, model))
        .collect()
}

fn ends<T>(items: &[T]) -> Vec<&T> {
    let first = items.first().into_iter();
    first.chain(items.iter().skip(1).next_back()).collect()
}

fn golden(
    name: &'static str,
    picture: RgbImage,
    extractor: &FeatureExtractor,
    model: &CfaModel,
) -> Result<Golden, TrainError> {
    let (width, height) = picture.dimensions();
    let picture = Picture::from_rgb8(width, height, picture.into_raw())?;
    let pooled = extractor.pooled_of_pictures(std::slice::from_ref(&picture))?;
    let scored = model.score(&pooled)?;
    let anomaly_map = matrix(&scored.anomaly_map.f_get(0)?)?;
    let &[score] = host_values(&scored.image_scores)?.as_slice() else {
        return Err(BrokenInvariant("one picture has one score").into());
    };
    Ok(Golden {
        name,
        score,
        record: GoldenRecord {
            picture,
            anomaly_map,
        },
    })
}

/// Soft stripes, for a model whose pictures are not at hand.
pub(crate) fn drawing(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let wave = |period: f32| (128.0 + 100.0 * ((x + y / 3) as f32 / period).sin()) as u8;
        image::Rgb([wave(9.0), wave(5.0), (y * 255 / height) as u8])
    })
}

/// Inverts the colours of a square in the upper left of the centre.
fn with_patch(mut picture: RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    for y in height / 3..height / 2 {
        for x in width / 3..width / 2 {
            for sample in &mut picture.get_pixel_mut(x, y).0 {
                *sample = 255 - *sample;
            }
        }
    }
    picture
}

fn noise(width: u32, height: u32) -> RgbImage {
    let mut rng = random_stream(0, "golden noise");
    RgbImage::from_fn(width, height, |_, _| {
        image::Rgb([(); 3].map(|()| rng.random()))
    })
}
