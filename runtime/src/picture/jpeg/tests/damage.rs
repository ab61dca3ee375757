//! Damaged files are refused, or accepted and marked.

use super::*;

#[test]
fn what_libjpeg_warns_of_is_an_error() {
    for (name, words) in [
        ("cut_half_eoi", "some of its coded data are missing"),
        ("cut_half_zeros_eoi", "some of its coded data are missing"),
        ("hole_64", "some of its coded data are missing"),
        ("hole_removed", "some of its coded data are missing"),
        ("rst_interval_lost", "lost between two restart markers"),
    ] {
        assert_damaged(&file(&format!("jpeg_damaged/{name}.jpg")), words);
    }
}

#[test]
fn damage_that_is_accepted_is_told_with_the_pixels_of_pillow() {
    let damaged = reference().shown.into_iter();
    let damaged = damaged.filter(|(name, _)| name.starts_with("jpeg_damaged/"));
    let mut count = 0;
    for (name, expected) in damaged {
        let picture = accepted(&file(&name)).unwrap();
        assert_eq!(shown(&picture), expected, "{name}");
        assert!(picture.damage().unwrap().contains("libjpeg: Corrupt"));
        count += 1;
    }
    assert_eq!(count, 5);
    let whole = accepted(&file("jpeg/drawn_420.jpg")).unwrap();
    assert_eq!(whole.damage(), None);
}

/// Damages a file by the rule of `jpeg_reference.py`.
fn damaged(file: &[u8], number: usize) -> Vec<u8> {
    let start = markers(file, 0xDA)[0] + 14;
    let at = start + number * 7919 % (file.len() - start - 32);
    let (before, after) = file.split_at(at);
    match number % 5 {
        0 => [before, &[after[0] ^ 1 << (number % 8)], &after[1..]].concat(),
        1 => [before, &after[16..]].concat(),
        2 => [before, &[0; 16], &after[16..]].concat(),
        3 => [before, &after[..16], after].concat(),
        _ => [before, &[0xFF, 0xD9]].concat(),
    }
}

/// 1000 damaged files. What libjpeg warns of is refused. Of the rest only files with missing
/// scans are, of which libjpeg says nothing.
#[test]
fn files_damaged_by_rule_are_judged_as_libjpeg_judges_them() {
    let mut refused = 0;
    for (name, warned) in reference().warned {
        let file = file(&name);
        for (number, warned) in warned.chars().enumerate() {
            let damaged = damaged(&file, number);
            match decode(&damaged) {
                Ok(_) => assert_eq!(warned, '0', "{name} {number}"),
                Err(problem) => {
                    let scans = problem.to_string().contains("scans are missing");
                    assert!(warned == '1' || scans, "{name} {number}: {problem}");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 600, "{refused}");
}

/// libjpeg shows such a file without a word, blurred or without its colours.
#[test]
fn a_file_that_ends_between_its_scans_is_refused() {
    for name in ["drawn_420_progressive", "scan_y_cb_cr_2x2_1x1_1x1"] {
        let file = file(&format!("jpeg/{name}.jpg"));
        let scans = markers(&file, 0xDA);
        assert!(scans.len() > 2);
        for &end in &scans[1..] {
            let mut cut = file[..end].to_vec();
            assert_damaged(&cut, "scans are missing");
            cut.extend([0xFF, 0xD9]);
            assert_damaged(&cut, "scans are missing");
            assert!(accepted(&cut).unwrap().damage().is_some());
        }
    }
}

#[test]
fn bytes_that_belong_to_nothing_are_told() {
    let file = file("jpeg/drawn_420.jpg");
    let tables = markers(&file, 0xDB)[0];
    let header = [&file[..tables], &[1, 2, 3], &file[tables..]].concat();
    assert_damaged(&header, "3 bytes before marker 0xdb");
    let (data, end) = file.split_at(file.len() - 2);
    let tail = [data, &[7; 9], end].concat();
    assert_damaged(&tail, "bytes that belong to no part");
}

#[test]
fn a_file_cut_short_says_so() {
    let file = file("jpeg/drawn_420.jpg");
    let cut = &file[..file.len() - 200];
    assert_damaged(cut, "its file ends before the picture does");
    assert!(accepted(cut).unwrap().damage().is_some());
    for length in [3, 30, markers(&file, 0xDA)[0]] {
        for cut in [decode(&file[..length]), accepted(&file[..length])] {
            assert!(matches!(cut, Err(PictureProblem::CutShort)), "{cut:?}");
        }
    }
}

/// Any byte of the header changed: an error or a picture, never a panic.
#[test]
fn no_header_makes_the_decoder_panic() {
    for name in ["drawn_420_progressive", "drawn_cmyk", "drawn_restarts"] {
        let file = file(&format!("jpeg/{name}.jpg"));
        let header = markers(&file, 0xDA)[0] + 14;
        for at in 2..header {
            for value in [0, 1, 0x7F, 0xFF] {
                let mut changed = file.clone();
                changed[at] = value;
                let problem = accepted(&changed).err();
                let panicked = matches!(problem, Some(PictureProblem::DecoderPanicked { .. }));
                assert!(!panicked, "{name} {at} {value}: {problem:?}");
            }
        }
    }
}
