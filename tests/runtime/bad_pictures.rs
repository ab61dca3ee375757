//! Pictures that cannot be inspected: a message, exit code 2, and the others done.

use std::path::Path;

use crate::harness::{Folder, predict};

/// The start of a PNG that claims to be 20000×20000 pixels, with correct check sums.
fn header_bomb() -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(20_000_u32.to_be_bytes());
    header.extend(20_000_u32.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    file.extend(&header);
    file.extend(crc32(&header).to_be_bytes());
    file.extend(b"\0\0\0\0IDAT");
    file.extend(crc32(b"IDAT").to_be_bytes());
    file
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _bit| {
        if crc & 1 == 1 {
            (crc >> 1) ^ 0xEDB8_8320
        } else {
            crc >> 1
        }
    };
    !bytes
        .iter()
        .fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

/// Runs the bad file between two good ones.
#[track_caller]
fn assert_only_this_fails(folder: &Folder, bad: &std::path::Path, words: &[&str]) {
    let (first, last) = (
        folder.draw("first.png", 64, 64, 1),
        folder.draw("last.png", 64, 64, 2),
    );
    let run = predict([first.as_path(), bad, last.as_path()]);
    run.refused(words);
    assert!(
        run.stderr().contains(bad.to_str().unwrap()),
        "{}",
        run.stderr()
    );
    assert!(run.stdout().contains("first.png") && run.stdout().contains("last.png"));

    let run = predict(["--json".as_ref(), first.as_path(), bad, last.as_path()]);
    run.refused(words);
    let lines = run.json_lines();
    assert_eq!((lines.len(), run.stderr().as_str()), (3, ""));
    let failed = lines.iter().filter(|line| line["error"].is_string());
    assert_eq!(
        failed.map(|line| &line["path"]).collect::<Vec<_>>(),
        [bad.to_str().unwrap()]
    );
    assert_eq!(
        lines
            .iter()
            .filter(|line| line["score"].is_number())
            .count(),
        2
    );
}

#[test]
fn a_truncated_png() {
    let folder = Folder::new();
    let whole = std::fs::read(folder.draw("whole.png", 120, 90, 1)).unwrap();
    let bad = folder.write("cut.png", &whole[..whole.len() / 2]);
    assert_only_this_fails(&folder, &bad, &["cut short"]);
}

#[test]
fn a_text_file_named_png() {
    let folder = Folder::new();
    let bad = folder.write("note.png", b"not a picture at all");
    assert_only_this_fails(&folder, &bad, &["not a picture"]);
}

#[test]
fn an_empty_file() {
    let folder = Folder::new();
    let bad = folder.write("empty.png", b"");
    assert_only_this_fails(&folder, &bad, &["empty"]);
}

#[test]
fn a_picture_of_one_pixel() {
    let folder = Folder::new();
    let bad = folder.draw("dot.png", 1, 1, 1);
    assert_only_this_fails(&folder, &bad, &["1×1", "too small"]);
}

#[test]
fn a_header_that_claims_too_many_pixels() {
    let folder = Folder::new();
    let bad = folder.write("bomb.png", &header_bomb());
    assert_only_this_fails(&folder, &bad, &["20000×20000", "too large"]);
}

/// A file of the folder that all tests share.
fn shared_picture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/pictures")
        .join(name)
}

#[test]
fn a_damaged_jpeg() {
    let folder = Folder::new();
    let damaged = shared_picture("jpeg_damaged/hole_64.jpg");
    assert_only_this_fails(&folder, &damaged, &["some of its coded data are missing"]);
}

#[test]
fn a_damaged_jpeg_that_is_accepted_is_marked() {
    let damaged = shared_picture("jpeg_damaged/hole_64.jpg");
    let whole = shared_picture("jpeg/drawn_420.jpg");
    let arguments = ["--accept-damaged".as_ref(), damaged.as_path(), &whole];
    let table = predict(arguments);
    assert_eq!(table.code(), Some(0), "{}", table.stderr());
    let marked: Vec<_> = table
        .stdout()
        .lines()
        .filter(|line| line.contains("DAMAGED: some of its coded data are missing"))
        .map(|line| line.contains("hole_64.jpg"))
        .collect();
    assert_eq!(marked, [true], "{}", table.stdout());
    let lines = predict(["--json".as_ref()].into_iter().chain(arguments)).json_lines();
    let damage = lines[0]["damage"].as_str().unwrap();
    assert!(damage.contains("libjpeg: Corrupt JPEG data"), "{damage}");
    assert!(lines[0]["score"].is_number() && lines[1]["damage"].is_null());
}

/// The message of the panic is not printed beside the error.
#[test]
fn a_picture_whose_decoder_panics() {
    let folder = Folder::new();
    let bad = folder.write("panics.png", b"CFA: the decoder of this file panics");
    assert_only_this_fails(&folder, &bad, &["its decoder has failed (injected)"]);
    let said = predict([&bad]).stderr();
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn an_empty_folder() {
    let folder = Folder::new();
    std::fs::create_dir(folder.at("nothing")).unwrap();
    assert_only_this_fails(&folder, &folder.at("nothing"), &["no pictures"]);
}

#[test]
fn a_path_that_does_not_exist() {
    let folder = Folder::new();
    assert_only_this_fails(&folder, &folder.at("gone.png"), &["no such file"]);
}

#[test]
fn a_glob_that_matches_nothing() {
    let folder = Folder::new();
    assert_only_this_fails(&folder, &folder.at("*.bmp"), &["no picture matches"]);
}
