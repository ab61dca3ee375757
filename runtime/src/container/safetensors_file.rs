//! The safetensors file around a manifest and its parts.

use std::collections::BTreeMap;
use std::ops::Range;

use safetensors::SafeTensors;
use safetensors::tensor::{Metadata, TensorView};

use super::BundleProblem;
use super::tensor::Tensor;

/// The one key of the header's `__metadata__`.
pub(super) const MANIFEST_KEY: &str = "cfa.manifest";
/// The header holds the manifest and a line for each part: a few kilobytes.
const MAX_HEADER_BYTES: u64 = 1 << 20;
/// A safetensors file starts with the header's length, little-endian.
const LENGTH_BYTES: usize = size_of::<u64>();

/// A safetensors file whose header is intact; its data is not checked yet.
pub(super) struct Container<'a> {
    pub(super) manifest_json: String,
    pub(super) tensors: BTreeMap<String, TensorView<'a>>,
    header: Metadata,
    data_start: usize,
}

impl<'a> Container<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, BundleProblem> {
        check_header_length(bytes)?;
        let (header_bytes, header) =
            SafeTensors::read_metadata(bytes).map_err(BundleProblem::Container)?;
        let manifest_json = sole_manifest(&header)?;
        if bytes.get(LENGTH_BYTES..LENGTH_BYTES + header_bytes) != Some(&canonical(&header)?) {
            return Err(BundleProblem::HeaderDamaged);
        }
        let tensors = SafeTensors::deserialize(bytes).map_err(BundleProblem::Container)?;
        Ok(Self {
            manifest_json,
            tensors: tensors.tensors().into_iter().collect(),
            header,
            data_start: LENGTH_BYTES + header_bytes,
        })
    }

    /// Where in the file the data of a tensor lies.
    pub(super) fn range(&self, name: &str) -> Result<Range<usize>, BundleProblem> {
        match self.header.info(name) {
            Some(tensor) => {
                let (start, end) = tensor.data_offsets;
                Ok(self.data_start + start..self.data_start + end)
            }
            None => Err(BundleProblem::MissingPart {
                name: name.to_owned(),
            }),
        }
    }

    pub(super) fn tensor<'n>(&self, name: &'n str) -> Result<Tensor<'n, '_>, BundleProblem> {
        match self.tensors.get(name) {
            Some(view) => Ok(Tensor { name, view }),
            None => Err(BundleProblem::MissingPart {
                name: name.to_owned(),
            }),
        }
    }
}

/// Refuses a foreign file before its first bytes are taken for a length.
fn check_header_length(bytes: &[u8]) -> Result<(), BundleProblem> {
    match bytes
        .first_chunk()
        .map(|length| u64::from_le_bytes(*length))
    {
        Some(bytes) if bytes > MAX_HEADER_BYTES => Err(BundleProblem::HeaderTooLong {
            bytes,
            limit_bytes: MAX_HEADER_BYTES,
        }),
        _ => Ok(()),
    }
}

fn sole_manifest(header: &Metadata) -> Result<String, BundleProblem> {
    let entries = header
        .metadata()
        .as_ref()
        .filter(|entries| entries.len() == 1);
    entries
        .and_then(|entries| entries.get(MANIFEST_KEY))
        .cloned()
        .ok_or(BundleProblem::NoManifest)
}

/// The header as the writer puts it: JSON padded with spaces to 8 bytes.
///
/// JSON leaves many spellings for one content; holding the file to this one
/// makes every changed byte of the header show.
fn canonical(header: &Metadata) -> Result<Vec<u8>, BundleProblem> {
    let mut json =
        serde_json::to_vec(header).map_err(|_unwritable| BundleProblem::HeaderDamaged)?;
    json.resize(json.len().next_multiple_of(LENGTH_BYTES), b' ');
    Ok(json)
}
