//! Archives that torch would not write.

use zip::CompressionMethod::{Deflated, Stored};

use super::super::Weights;
use super::assemble::{pickle, storage, table, zip};
use super::{fixture_bytes, refusal};

fn one_tensor(count: i32) -> Vec<u8> {
    pickle(&table(
        &storage("FloatStorage", "0", count),
        0,
        &[count],
        &[1],
    ))
}

#[test]
fn compressed_entries_are_refused() {
    let zeros = vec![0; 4 << 20];
    let file = zip(
        &[("a/data.pkl", &one_tensor(1 << 20)), ("a/data/0", &zeros)],
        Deflated,
    );
    assert!(file.len() < 10_000);
    assert!(refusal(&file).contains("is compressed"));
    // Also one that says so although its lengths are equal.
    let mut file = zip(&[("a/data.pkl", b"1234")], Stored);
    let central = file.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    (file[8], file[central + 10]) = (8, 8);
    assert!(refusal(&file).contains("is compressed"));
}

#[test]
fn archives_of_other_kinds_are_refused() {
    assert!(refusal(&zip(&[("a/b.txt", b"hi")], Stored)).contains("it has no data.pkl"));
    assert!(refusal(&zip(&[("xdata.pkl", b"hi")], Stored)).contains("it has no data.pkl"));
    let entries = [
        ("a/data.pkl", &one_tensor(1)[..]),
        ("a/byteorder", b"big"),
        ("a/data/0", &[0; 4]),
    ];
    assert!(refusal(&zip(&entries, Stored)).contains("big-endian"));
    let little = [entries[0], ("a/byteorder", &b"little"[..]), entries[2]];
    assert!(Weights::from_bytes("fits.pth", &zip(&little, Stored)).is_ok());
}

#[test]
fn a_changed_value_is_noticed() {
    let mut file = fixture_bytes("plain_zip.pth");
    let value = (-2.0_f32).to_le_bytes();
    let at = file.windows(4).position(|window| window == value).unwrap();
    file[at] ^= 1;
    assert!(Weights::from_bytes("changed.pth", &file).is_err());
}

/// The central directory of `file` lists its first entry `times` over, under new names.
fn overlapping(file: &[u8], times: u16) -> Vec<u8> {
    let start = file.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    let end = file.windows(4).position(|w| w == b"PK\x05\x06").unwrap();
    let mut forged = file[..start].to_vec();
    for number in 0..times {
        let mut record = file[start..end].to_vec();
        let name = record.windows(6).position(|w| w == b"a/data").unwrap();
        record[name + 7..name + 10].copy_from_slice(format!("{number:03}").as_bytes());
        forged.extend(record);
    }
    let size = (forged.len() - start) as u32;
    let mut tail = file[end..].to_vec();
    tail[8..10].copy_from_slice(&times.to_le_bytes());
    tail[10..12].copy_from_slice(&times.to_le_bytes());
    tail[12..16].copy_from_slice(&size.to_le_bytes());
    forged.extend(tail);
    forged
}

#[test]
fn overlapping_entries_are_refused() {
    let file = zip(&[("a/data/000", &vec![0; 100_000])], Stored);
    assert!(refusal(&overlapping(&file, 1)).contains("it has no data.pkl"));
    assert!(refusal(&overlapping(&file, 100)).contains("overlaps others"));
}
