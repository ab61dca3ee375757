//! From the bytes of a file to a checked bundle.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::panic::resume_unwind;
use std::thread;

use serde::Deserialize;
use serde::de::{Error, IgnoredAny};

use super::digest::{DIGEST_BYTES, sha256, sha256_hex};
use super::safetensors_file::Container;
use super::{
    Bundle, BundleParts, BundleProblem, GoldenRecord, Manifest, Method, PartType, check,
    part_names, version,
};

/// Far above any model, far below what would exhaust a workstation.
const MAX_FILE_BYTES: u64 = 4 << 30;

pub(super) fn file_bytes(file: &mut File) -> Result<Vec<u8>, BundleProblem> {
    let claimed_bytes = file.metadata().map_err(BundleProblem::Read)?.len();
    let mut bytes = Vec::with_capacity(claimed_bytes.min(MAX_FILE_BYTES) as usize);
    if claimed_bytes <= MAX_FILE_BYTES {
        // The file may still grow, so what is read is bounded too.
        file.take(MAX_FILE_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(BundleProblem::Read)?;
    }
    if claimed_bytes.max(bytes.len() as u64) > MAX_FILE_BYTES {
        return Err(BundleProblem::TooLarge {
            limit_bytes: MAX_FILE_BYTES,
        });
    }
    Ok(bytes)
}

/// Checks a file, and keeps of its bytes the network alone, which is most of them,
/// without a second copy.
pub(super) fn bundle<M: Method>(mut bytes: Vec<u8>) -> Result<Bundle<M>, BundleProblem> {
    let (checked, digest_hex) = with_digest(&bytes, || checked_parts(&bytes));
    let (mut parts, network) = checked?;
    bytes.truncate(network.end);
    bytes.drain(..network.start);
    bytes.shrink_to_fit();
    parts.network_onnx = bytes;
    check::consistent(&parts)?;
    Ok(Bundle {
        manifest: parts.manifest,
        network_onnx: parts.network_onnx,
        network_start: network.start as u64,
        tensors: parts.tensors,
        golden: parts.golden,
        digest_hex,
    })
}

/// The parts but for the network, and where that lies.
fn checked_parts<M: Method>(bytes: &[u8]) -> Result<(BundleParts<M>, Range<usize>), BundleProblem> {
    let container = Container::open(bytes)?;
    check_manifest_digest(&container)?;
    check_version(&container.manifest_json)?;
    check_method::<M>(&container.manifest_json)?;
    let manifest: Manifest<M> =
        serde_json::from_str(&container.manifest_json).map_err(BundleProblem::Manifest)?;
    check_orientation(&container.manifest_json, manifest.format_version)
        .map_err(BundleProblem::Manifest)?;
    check_parts(&container, &manifest)?;
    container.tensor(part_names::NETWORK)?.expect_bytes()?;
    let parts = BundleParts {
        network_onnx: Vec::new(),
        tensors: M::read_tensors(|name| container.tensor(name)?.matrix())?,
        golden: golden_records(&container, manifest.golden.len())?,
        manifest,
    };
    Ok((parts, container.range(part_names::NETWORK)?))
}

/// The digest of the whole file takes as long as those of its parts, so it is computed
/// beside `work`.
fn with_digest<T>(bytes: &[u8], work: impl FnOnce() -> T) -> (T, String) {
    thread::scope(|scope| {
        let digest = thread::Builder::new().spawn_scoped(scope, || sha256_hex(bytes));
        let done = work();
        let digest = match digest {
            Ok(digest) => digest.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(_no_thread) => sha256_hex(bytes),
        };
        (done, digest)
    })
}

/// The digest is a tensor because a digest inside the manifest could not cover it.
fn check_manifest_digest(container: &Container<'_>) -> Result<(), BundleProblem> {
    let recorded = container.tensor(part_names::MANIFEST_DIGEST)?;
    recorded.expect_layout(PartType::U8, &[DIGEST_BYTES])?;
    if recorded.data() != sha256(container.manifest_json.as_bytes()) {
        return Err(BundleProblem::ManifestDamaged);
    }
    Ok(())
}

/// Looks at nothing but format and version, the two fields every version keeps,
/// so that a newer bundle is not taken for a broken one.
fn check_version(manifest_json: &str) -> Result<(), BundleProblem> {
    #[derive(Deserialize)]
    struct Identity {
        format: String,
        format_version: u64,
    }
    let Identity {
        format,
        format_version: found,
    } = serde_json::from_str(manifest_json).map_err(BundleProblem::Manifest)?;
    if format != version::FORMAT {
        return Err(BundleProblem::NotABundle { found: format });
    }
    if found > u64::from(version::FORMAT_VERSION) {
        return Err(BundleProblem::NewerVersion { found });
    }
    if found < u64::from(version::OLDEST_FORMAT_VERSION) {
        return Err(BundleProblem::OlderVersion { found });
    }
    Ok(())
}

/// Refuses another method before its fields are called unknown, and a method that is named in
/// a version without methods or not named in one with them.
fn check_method<M: Method>(manifest_json: &str) -> Result<(), BundleProblem> {
    #[derive(Deserialize)]
    struct Tag {
        format_version: u32,
        method: Option<String>,
    }
    let tag: Tag = serde_json::from_str(manifest_json).map_err(BundleProblem::Manifest)?;
    let named = match (tag.method, tag.format_version >= version::FIRST_WITH_METHOD) {
        (Some(named), true) => named,
        (None, false) => version::METHOD_BEFORE_TAGS.to_owned(),
        (Some(_early), false) => {
            let problem = Error::custom("the field `method` belongs to later versions");
            return Err(BundleProblem::Manifest(problem));
        }
        (None, true) => return Err(BundleProblem::Manifest(Error::missing_field("method"))),
    };
    if named == M::NAME {
        return Ok(());
    }
    Err(BundleProblem::UnknownMethod {
        found: named,
        known: M::NAME,
    })
}

/// Checks that the orientation rule is named as the version asks; its default would hide that.
fn check_orientation(manifest_json: &str, version: u32) -> serde_json::Result<()> {
    #[derive(Deserialize)]
    struct Sections {
        preprocessing: Recipe,
    }
    #[derive(Deserialize)]
    struct Recipe {
        orientation: Option<IgnoredAny>,
        white_level: Option<IgnoredAny>,
    }
    let Sections { preprocessing } = serde_json::from_str(manifest_json)?;
    if version >= version::FIRST_WITH_ORIENTATION {
        return match preprocessing.orientation {
            Some(_named) => Ok(()),
            None => Err(Error::missing_field("orientation")),
        };
    }
    match preprocessing.orientation.or(preprocessing.white_level) {
        Some(_foreign) => Err(Error::custom(
            "preprocessing.orientation and .white_level belong to later versions",
        )),
        None => Ok(()),
    }
}

/// The parts listed, the parts present and the parts a bundle has are the
/// same, and each is as it was listed.
fn check_parts<M: Method>(
    container: &Container<'_>,
    manifest: &Manifest<M>,
) -> Result<(), BundleProblem> {
    let expected: BTreeSet<String> =
        part_names::listed(M::MATRICES, manifest.golden.len()).collect();
    let present = container
        .tensors
        .keys()
        .filter(|name| *name != part_names::MANIFEST_DIGEST);
    check_names(expected.clone(), present)?;
    check_names(expected, manifest.parts.iter().map(|part| &part.name))?;
    manifest
        .parts
        .iter()
        .try_for_each(|part| container.tensor(&part.name)?.expect(part))
}

fn check_names<'a>(
    mut missing: BTreeSet<String>,
    found: impl Iterator<Item = &'a String>,
) -> Result<(), BundleProblem> {
    for name in found {
        if !missing.remove(name) {
            return Err(BundleProblem::ExtraPart { name: name.clone() });
        }
    }
    match missing.pop_first() {
        Some(name) => Err(BundleProblem::MissingPart { name }),
        None => Ok(()),
    }
}

fn golden_records(
    container: &Container<'_>,
    count: usize,
) -> Result<Vec<GoldenRecord>, BundleProblem> {
    (0..count)
        .map(|index| {
            Ok(GoldenRecord {
                picture: container
                    .tensor(&part_names::golden_picture(index))?
                    .picture()?,
                anomaly_map: container
                    .tensor(&part_names::golden_anomaly_map(index))?
                    .matrix()?,
            })
        })
        .collect()
}
