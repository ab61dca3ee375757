//! Bundles that must not be used.

use std::path::Path;

use safetensors::SafeTensors;

use crate::harness::{Folder, cfa_run, tiny_bundle};

#[track_caller]
fn assert_refused(bundle: &Path, words: &[&str]) {
    let folder = Folder::new();
    let picture = folder.draw("disc.png", 64, 64, 1);
    let model = bundle.to_str().unwrap();
    let predicted = cfa_run([
        "predict",
        "--json",
        "--model",
        model,
        picture.to_str().unwrap(),
    ]);
    predicted.refused(words);
    assert!(predicted.json_lines().is_empty());
    cfa_run(["info", model]).refused(words);
    cfa_run(["verify", model]).refused(words);
}

/// A byte of the length, of the header, and of every part.
#[test]
fn one_flipped_byte_anywhere_is_noticed() {
    let whole = std::fs::read(tiny_bundle()).unwrap();
    let (header_length, header) = SafeTensors::read_metadata(&whole).unwrap();
    let data = 8 + header_length;
    let mut places = vec![
        ("length".to_owned(), 0),
        ("header".to_owned(), 8 + header_length / 2),
    ];
    for (name, tensor) in header.tensors() {
        let (start, end) = tensor.data_offsets;
        places.push((name, data + usize::midpoint(start, end)));
    }
    assert!(places.len() >= 5, "{places:?}");
    let folder = Folder::new();
    for (name, place) in places {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x10;
        eprintln!("flipped a bit of {name}");
        assert_refused(&folder.write("damaged.cfa", &damaged), &["damaged.cfa"]);
    }
}

#[test]
fn a_bundle_cut_short_is_refused() {
    let whole = std::fs::read(tiny_bundle()).unwrap();
    let folder = Folder::new();
    for length in [0, 7, 8, 100, whole.len() / 2, whole.len() - 1] {
        assert_refused(&folder.write("cut.cfa", &whole[..length]), &["cut.cfa"]);
    }
}

#[test]
fn a_file_that_is_no_bundle_is_refused() {
    let folder = Folder::new();
    assert_refused(&folder.draw("disc.png", 64, 64, 1), &["disc.png"]);
    assert_refused(&folder.at("gone.cfa"), &["gone.cfa"]);
    assert_refused(&folder.at(""), &[]);
}
