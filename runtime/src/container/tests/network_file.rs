//! The network, read again from its bundle.

use std::io::{Seek, SeekFrom};

use super::*;

/// A clone of the file shares its position, as a process does after a fork.
#[cfg(unix)]
#[test]
fn the_network_is_read_wherever_the_position_of_the_file_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.cfa");
    write_bundle(&path, small()).unwrap();
    let (_bundle, network) = Bundle::open_without_network(&path).unwrap();
    let NetworkFile::Bundle(part) = &network else {
        unreachable!("{network:?}")
    };
    let mut shared = part.file.try_clone().unwrap();
    shared.seek(SeekFrom::Start(5)).unwrap();
    assert_eq!(network.bytes().unwrap(), small().network_onnx);
    assert_eq!(shared.stream_position().unwrap(), 5);
}
