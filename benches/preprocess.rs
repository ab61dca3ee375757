//! Measures the way from the bytes of a picture file to the network's input of 224×224: for a PNG of
//! 900×900 and a JPEG of 1280×960 pixels. The pictures are drawn, the same in every run.

#![allow(missing_docs, reason = "criterion's macros make public functions")]
#![allow(clippy::expect_used, reason = "a bench that cannot start should stop")]

use std::hint::black_box;
use std::io::Cursor;

use cfa_runtime::picture::{Picture, ReadOptions};
use cfa_runtime::preprocess::{Preprocessing, Size};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use image::{ImageFormat, Rgb, RgbImage};

const INPUT: Size = Size {
    height: 224,
    width: 224,
};

/// A bright disc on a gradient, with the noise of a sensor, which decides how well it
/// compresses.
fn drawing(width: u32, height: u32) -> RgbImage {
    let mut state = 1_u32;
    RgbImage::from_fn(width, height, |x, y| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (state >> 29) as u8;
        let from_centre = x.abs_diff(width / 2).pow(2) + y.abs_diff(height / 2).pow(2);
        let shade = (x * 60 / width + y * 40 / height) as u8 + noise;
        let inside = from_centre < (height / 3).pow(2);
        Rgb(if inside {
            [200 - shade, 180, shade]
        } else {
            [shade; 3]
        })
    })
}

fn encoded(picture: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, format).expect("it is encoded");
    file.into_inner()
}

fn pictures() -> [(&'static str, Vec<u8>); 2] {
    [
        ("png_900x900", encoded(&drawing(900, 900), ImageFormat::Png)),
        (
            "jpeg_1280x960",
            encoded(&drawing(1280, 960), ImageFormat::Jpeg),
        ),
    ]
}

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    for (name, file) in pictures() {
        group.throughput(Throughput::Bytes(file.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| Picture::decode(black_box(&file), &ReadOptions::default()));
        });
    }
}

fn prepare(criterion: &mut Criterion) {
    let recipe = Preprocessing::imagenet(INPUT, None);
    for (name, file) in pictures() {
        let picture = Picture::decode(&file, &ReadOptions::default()).expect("it is decoded");
        let mut group = criterion.benchmark_group(format!("preprocess/{name}"));
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = pool.expect("threads start");
            group.bench_function(format!("{threads}_threads"), |bencher| {
                bencher.iter(|| pool.install(|| recipe.apply(black_box(&picture))));
            });
        }
    }
}

criterion_group!(benches, decode, prepare);
criterion_main!(benches);
