//! From a trained model to the bytes of a file.

use std::collections::HashMap;
use std::path::Path;

use ndarray::Array2;
use safetensors::tensor::TensorView;

use super::digest::{sha256, sha256_hex};
use super::safetensors_file::MANIFEST_KEY;
use super::{
    BundleError, BundleParts, BundleProblem, Manifest, Method, Part, PartType, check, part_names,
    read, version,
};
use crate::atomic_file::write_atomically;
use crate::picture::Picture;

/// Writes a bundle, complete or not at all, and only one that can be read back.
///
/// If anything fails, a bundle that was at `path` before is still there unchanged.
pub fn write_bundle<M: Method>(path: &Path, parts: BundleParts<M>) -> Result<(), BundleError> {
    encode(parts)
        .and_then(|bytes| {
            read::bundle::<M>(bytes.clone())?;
            write_atomically(path, |file| file.write_all(&bytes)).map_err(BundleProblem::Write)
        })
        .map_err(|problem| BundleError::at(path, problem))
}

/// The bytes of the file; the same parts always give the same bytes.
pub(super) fn encode<M: Method>(parts: BundleParts<M>) -> Result<Vec<u8>, BundleProblem> {
    check::consistent(&parts)?;
    let mut contents = vec![Content::bytes(part_names::NETWORK, parts.network_onnx)];
    for (name, matrix) in M::MATRICES.iter().zip(M::matrices(&parts.tensors)) {
        contents.push(Content::matrix((*name).to_owned(), matrix));
    }
    for (index, record) in parts.golden.iter().enumerate() {
        contents.push(Content::picture(
            part_names::golden_picture(index),
            &record.picture,
        ));
        contents.push(Content::matrix(
            part_names::golden_anomaly_map(index),
            &record.anomaly_map,
        ));
    }
    contents.sort_by(|left, right| left.name.cmp(&right.name));
    let manifest = Manifest {
        format: version::FORMAT.to_owned(),
        format_version: version::FORMAT_VERSION,
        method: M::NAME.to_owned(),
        parts: contents.iter().map(Content::part).collect(),
        ..parts.manifest
    };
    let json = serde_json::to_string(&manifest).map_err(BundleProblem::Manifest)?;
    let digest = sha256(json.as_bytes()).to_vec();
    contents.push(Content::bytes(part_names::MANIFEST_DIGEST, digest));
    serialize(&contents, json)
}

fn serialize(contents: &[Content], manifest_json: String) -> Result<Vec<u8>, BundleProblem> {
    let tensors = contents
        .iter()
        .map(|content| Ok((content.name.as_str(), content.view()?)))
        .collect::<Result<Vec<_>, BundleProblem>>()?;
    let header = HashMap::from([(MANIFEST_KEY.to_owned(), manifest_json)]);
    safetensors::serialize(tensors, Some(header)).map_err(BundleProblem::Container)
}

/// One tensor to be written.
struct Content {
    name: String,
    dtype: PartType,
    shape: Vec<usize>,
    data: Vec<u8>,
}

impl Content {
    fn bytes(name: &str, data: Vec<u8>) -> Self {
        Self {
            name: name.to_owned(),
            dtype: PartType::U8,
            shape: vec![data.len()],
            data,
        }
    }

    fn matrix(name: String, values: &Array2<f32>) -> Self {
        Self {
            name,
            dtype: PartType::F32,
            shape: values.shape().to_vec(),
            data: values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
        }
    }

    fn picture(name: String, picture: &Picture) -> Self {
        Self {
            name,
            dtype: PartType::U8,
            shape: vec![picture.height_px() as usize, picture.width_px() as usize, 3],
            data: picture.to_rgb8().into_raw(),
        }
    }

    fn part(&self) -> Part {
        Part {
            name: self.name.clone(),
            dtype: self.dtype,
            shape: self.shape.clone(),
            bytes: self.data.len() as u64,
            sha256: sha256_hex(&self.data),
        }
    }

    fn view(&self) -> Result<TensorView<'_>, BundleProblem> {
        TensorView::new(self.dtype.dtype(), self.shape.clone(), &self.data)
            .map_err(BundleProblem::Container)
    }
}
