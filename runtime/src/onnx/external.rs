//! Weights in a file of their own.
//!
//! ONNX Runtime maps such a file into memory, where it holds two copies of weights that it
//! reads out of the network's own file.

use std::io::{self, Write};

use prost::Message;
use prost::bytes::Bytes;

use super::FileError;
use super::file::decode_all;
use super::proto::tensor_proto::DataLocation;
use super::proto::{ModelProto, StringStringEntryProto, TensorProto};

/// Smaller constants stay: ONNX Runtime reads shapes and the like out of the network's file.
const LEAST_BYTES: usize = 1024;
/// Weights begin at multiples of this, as vector instructions like it.
const ALIGNMENT_BYTES: usize = 64;

/// Why the weights of a network could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExternalError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Write(#[from] io::Error),
}

/// Writes the weights of a network to `weights`, which will be the file `name` beside the
/// network's; gives the network without them.
pub(crate) fn without_weights(
    onnx: Bytes,
    weights: &mut impl Write,
    name: &str,
) -> Result<Vec<u8>, ExternalError> {
    let mut model: ModelProto = decode_all(onnx)?;
    let constants = model.graph.iter_mut().flat_map(|g| &mut g.initializer);
    let mut end = 0_usize;
    for constant in constants.filter(|one| one.raw_data.len() >= LEAST_BYTES) {
        let gap = end.next_multiple_of(ALIGNMENT_BYTES) - end;
        weights.write_all(&[0; ALIGNMENT_BYTES][..gap])?;
        weights.write_all(&constant.raw_data)?;
        let length = constant.raw_data.len();
        refer(constant, name, end + gap, length);
        end += gap + length;
    }
    Ok(model.encode_to_vec())
}

fn refer(constant: &mut TensorProto, file: &str, offset: usize, length: usize) {
    let entry = |key: &str, value: String| StringStringEntryProto {
        key: key.to_owned(),
        value,
    };
    constant.raw_data.clear();
    constant.data_location = DataLocation::External.into();
    constant.external_data = vec![
        entry("location", file.to_owned()),
        entry("offset", offset.to_string()),
        entry("length", length.to_string()),
    ];
}
