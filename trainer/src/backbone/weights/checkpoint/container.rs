use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};

use zip::read::ZipFile;
use zip::{CompressionMethod, ZipArchive};

use super::super::WeightsProblem;
use super::input::Input;
use super::machine::{self, Pickle, UnknownNames};
use super::tensor::StorageRef;
use super::value::Value;

/// The beginning of an old stream, as a long number.
const STREAM_MAGIC: i128 = 0x1950_a86a_20f9_469c_fc6c;
const STREAM_VERSION: i128 = 1001;

/// A checkpoint taken apart, its values still raw bytes of the file.
pub(super) struct TorchCheckpoint<'a> {
    pub(super) pickle: Pickle,
    storages: BTreeMap<String, &'a [u8]>,
}

impl<'a> TorchCheckpoint<'a> {
    /// Exactly the bytes that `storage` is described to have.
    pub(super) fn raw_values(&self, storage: &StorageRef) -> Result<&'a [u8], WeightsProblem> {
        let raw = self.storages.get(&*storage.key);
        let raw = raw.ok_or_else(|| storage.problem("they are missing"))?;
        if Some(raw.len()) != storage.bytes() {
            return Err(storage.problem("they are not as many as described"));
        }
        Ok(raw)
    }
}

/// Takes a zip archive or an old stream of pickles apart.
pub(super) fn open(
    bytes: &[u8],
    unknown: UnknownNames,
) -> Result<TorchCheckpoint<'_>, WeightsProblem> {
    if bytes.starts_with(b"PK\x03\x04") {
        open_zip(bytes, unknown)
    } else if bytes.starts_with(&[0x80]) {
        open_stream(bytes, unknown)
    } else {
        Err(WeightsProblem::UnknownFormat)
    }
}

/// The format since torch 1.6: `NAME/data.pkl`, `NAME/data/KEY`, maybe `NAME/byteorder`.
fn open_zip(bytes: &[u8], unknown: UnknownNames) -> Result<TorchCheckpoint<'_>, WeightsProblem> {
    let entries = stored_entries(bytes)?;
    let mut names = entries.keys();
    let no_pickle = || archive_problem("", "it has no data.pkl");
    let folder = names.find_map(|name| name.strip_suffix("/data.pkl"));
    let folder = folder.ok_or_else(no_pickle)?;
    let entry = |name: &str| entries.get(&format!("{folder}/{name}")).copied();
    if entry("byteorder") == Some(b"big") {
        return Err(WeightsProblem::BigEndian);
    }
    let pickle = machine::run(entry("data.pkl").ok_or_else(no_pickle)?, 0, unknown)?;
    let values = format!("{folder}/data/");
    let storages = entries
        .iter()
        .filter_map(|(name, raw)| Some((name.strip_prefix(&values)?.to_owned(), *raw)));
    Ok(TorchCheckpoint {
        storages: storages.collect(),
        pickle,
    })
}

/// The content of every file in the archive, as parts of `bytes`.
///
/// torch stores without compression. That is demanded here, and that the entries
/// together are no longer than the archive, so that nothing can unfold.
fn stored_entries(bytes: &[u8]) -> Result<BTreeMap<String, &[u8]>, WeightsProblem> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(WeightsProblem::Zip)?;
    let mut left = bytes.len();
    let mut entries = BTreeMap::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(WeightsProblem::Zip)?;
        let name = entry.name().map_err(WeightsProblem::Zip)?.into_owned();
        let raw = stored_bytes(&entry, bytes)
            .ok_or_else(|| archive_problem(&name, "is compressed or reaches beyond the file"))?;
        left = left
            .checked_sub(raw.len())
            .ok_or_else(|| archive_problem(&name, "overlaps others"))?;
        io::copy(&mut entry, &mut io::sink()).map_err(WeightsProblem::Io)?;
        entries.insert(name, raw);
    }
    Ok(entries)
}

fn stored_bytes<'a>(entry: &ZipFile<'_, impl Read>, bytes: &'a [u8]) -> Option<&'a [u8]> {
    if entry.compression() != CompressionMethod::Stored || entry.size() != entry.compressed_size() {
        return None;
    }
    let start = usize::try_from(entry.data_start()?).ok()?;
    let end = start.checked_add(usize::try_from(entry.size()).ok()?)?;
    bytes.get(start..end)
}

fn archive_problem(entry: &str, what: &str) -> WeightsProblem {
    let entry: String = entry.escape_debug().take(100).collect();
    WeightsProblem::Archive {
        what: format!("{entry} {what}").trim_start().to_owned(),
    }
}

/// The format before torch 1.6: pickles of a magic number, a version, facts on the
/// machine, the object and the list of keys; then for each key a count and raw values.
fn open_stream(bytes: &[u8], unknown: UnknownNames) -> Result<TorchCheckpoint<'_>, WeightsProblem> {
    let plain = |start| machine::run(bytes, start, UnknownNames::Refused);
    let magic = plain(0)?;
    if !matches!(magic.root, Value::Integer(STREAM_MAGIC)) {
        return Err(WeightsProblem::UnknownFormat);
    }
    let version = plain(magic.end)?;
    if !matches!(version.root, Value::Integer(STREAM_VERSION)) {
        return Err(WeightsProblem::UnknownFormat);
    }
    let system = plain(version.end)?;
    if matches!(system.entry("little_endian"), Some(Value::Boolean(false))) {
        return Err(WeightsProblem::BigEndian);
    }
    let pickle = machine::run(bytes, system.end, unknown)?;
    let keys = plain(pickle.end)?;
    Ok(TorchCheckpoint {
        storages: storages_in_turn(bytes, &keys, &pickle)?,
        pickle,
    })
}

fn storages_in_turn<'a>(
    bytes: &'a [u8],
    keys: &Pickle,
    pickle: &Pickle,
) -> Result<BTreeMap<String, &'a [u8]>, WeightsProblem> {
    let mut input = Input::at(bytes, keys.end);
    let mut storages = BTreeMap::new();
    for key in keys.heap.items(&keys.root) {
        let known = match key {
            Value::Text(key) => pickle.storages.get(key),
            _ => None,
        };
        let storage = known.ok_or_else(|| input.problem("raw values without a description"))?;
        let count = u64::from_le_bytes(input.array()?);
        if storage.count as u64 != count {
            return Err(storage.problem("they are not as many as described"));
        }
        let size = storage.bytes();
        let size = size.ok_or_else(|| storage.problem("they are too many"))?;
        storages.insert(storage.key.to_string(), input.take(size)?);
    }
    Ok(storages)
}
