//! Pickles and containers written by hand, for what torch itself would never write.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

pub(super) fn pickle(body: &[u8]) -> Vec<u8> {
    [b"\x80\x02", body, b"."].concat()
}

pub(super) fn text(text: &str) -> Vec<u8> {
    [
        b"X",
        &(text.len() as u32).to_le_bytes()[..],
        text.as_bytes(),
    ]
    .concat()
}

pub(super) fn int(number: i32) -> Vec<u8> {
    [b"J", &number.to_le_bytes()[..]].concat()
}

pub(super) fn global(module: &str, name: &str) -> Vec<u8> {
    format!("c{module}\n{name}\n").into_bytes()
}

pub(super) fn tuple(items: &[Vec<u8>]) -> Vec<u8> {
    [b"(", &items.concat()[..], b"t"].concat()
}

/// A one-entry table: `weight`, made by torch's function from these parts.
pub(super) fn table(storage: &[u8], offset: i32, shape: &[i32], strides: &[i32]) -> Vec<u8> {
    let sizes = |numbers: &[i32]| tuple(&numbers.iter().map(|&n| int(n)).collect::<Vec<_>>());
    let arguments = tuple(&[storage.to_vec(), int(offset), sizes(shape), sizes(strides)]);
    let function = global("torch._utils", "_rebuild_tensor_v2");
    [&b"}"[..], &text("weight"), &function, &arguments, b"Rs"].concat()
}

/// The persistent id of `count` values of a class such as `FloatStorage`.
pub(super) fn storage(class: &str, key: &str, count: i32) -> Vec<u8> {
    let id = [
        text("storage"),
        global("torch", class),
        text(key),
        text("cpu"),
        int(count),
    ];
    [&tuple(&id)[..], b"Q"].concat()
}

pub(super) fn zip(entries: &[(&str, &[u8])], compression: CompressionMethod) -> Vec<u8> {
    let options = SimpleFileOptions::default().compression_method(compression);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A checkpoint with one storage called `0`.
pub(super) fn checkpoint(body: &[u8], values: &[u8]) -> Vec<u8> {
    let entries = [("a/data.pkl", &pickle(body)[..]), ("a/data/0", values)];
    zip(&entries, CompressionMethod::Stored)
}

/// The old format around `body`, with one storage called `0` of `count` values.
pub(super) fn stream(body: &[u8], little_endian: bool, count: u64, values: &[u8]) -> Vec<u8> {
    let magic = *b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
    let order = if little_endian { b"\x88" } else { b"\x89" };
    let system = [&b"}"[..], &text("little_endian"), order, b"s"].concat();
    let keys = [&b"]"[..], &text("0"), b"a"].concat();
    [
        pickle(&magic),
        pickle(&int(1001)),
        pickle(&system),
        pickle(body),
        pickle(&keys),
        count.to_le_bytes().to_vec(),
        values.to_vec(),
    ]
    .concat()
}
