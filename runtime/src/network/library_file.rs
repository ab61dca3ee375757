//! Where the ONNX Runtime library is when no path is named.

use std::path::{Path, PathBuf};

use super::provider::Provider;
use super::provider_options::ProviderChoice;

/// The folder of a library that computes on the processor alone.
const PLAIN: &str = "onnxruntime";

const LIBRARY: &str = if cfg!(target_os = "windows") {
    "onnxruntime.dll"
} else if cfg!(target_os = "macos") {
    "libonnxruntime.dylib"
} else {
    "libonnxruntime.so"
};

/// The library installed beside `program` or in `../lib` beside it, or unpacked by
/// `cargo xtask setup` in the checkout that `program` was built in; else the bare
/// file name, which the system's loader looks up.
#[must_use]
pub fn library_near(program: &Path) -> PathBuf {
    first_file(neighbours(Some(program)).chain(unpacked(program, PLAIN)))
}

/// The library for a choice of provider: one that was built with a provider of the choice, else
/// [`library_near`]. A process can load one library only, so `auto` skips providers that the
/// machine does not seem to have.
#[must_use]
pub fn library_for(choice: ProviderChoice, program: &Path) -> PathBuf {
    let mut candidates = choice.candidates();
    if choice == ProviderChoice::Auto {
        candidates.retain(|provider| provider.seems_usable());
    }
    let built_with = candidates
        .into_iter()
        .find_map(|provider| library_with(provider, program));
    built_with.unwrap_or_else(|| library_near(program))
}

/// A library built with this provider, in the provider's folder (such as `onnxruntime-gpu`) at
/// one of the places where [`library_near`] looks. `None` when there is none, and for the
/// processor, which every library has.
#[must_use]
pub fn library_with(provider: Provider, program: &Path) -> Option<PathBuf> {
    let special = provider.library_folder()?;
    let installed = folder_of(program)
        .into_iter()
        .flat_map(|folder| [folder.join(special), folder.join("../lib").join(special)])
        .map(|folder| folder.join(LIBRARY));
    installed
        .chain(unpacked(program, special))
        .find(|path| path.is_file())
}

/// In `.native` of the checkout that `program` was built in.
fn unpacked(program: &Path, folder: &str) -> impl Iterator<Item = PathBuf> {
    let inside = Path::new(".native").join(folder).join(LIBRARY);
    folder_of(program)
        .into_iter()
        .flat_map(Path::ancestors)
        .map(move |above| above.join(&inside))
}

/// The library installed beside `file` or in `../lib` beside it; else, or when `file`
/// is not known, the bare file name.
#[must_use]
pub fn library_beside(file: Option<&Path>) -> PathBuf {
    first_file(neighbours(file))
}

fn neighbours(file: Option<&Path>) -> impl Iterator<Item = PathBuf> {
    let folder = file.and_then(folder_of);
    folder
        .into_iter()
        .flat_map(|folder| [folder.join(LIBRARY), folder.join("../lib").join(LIBRARY)])
}

/// `None` when the folder is not known. A relative folder would be looked up in the working
/// directory, where anybody may have put a library.
fn folder_of(file: &Path) -> Option<&Path> {
    file.parent().filter(|folder| folder.is_absolute())
}

fn first_file(mut paths: impl Iterator<Item = PathBuf>) -> PathBuf {
    paths
        .find(|path| path.is_file())
        .unwrap_or_else(|| PathBuf::from(LIBRARY))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]
    use super::*;

    #[test]
    fn neighbours_are_found_and_the_checkout_only_for_programs() {
        let folder = tempfile::tempdir().unwrap();
        let unpacked = folder.path().join(".native/onnxruntime").join(LIBRARY);
        std::fs::create_dir_all(unpacked.parent().unwrap()).unwrap();
        std::fs::write(&unpacked, "").unwrap();
        let file = folder.path().join("bin/file");
        assert_eq!(library_near(&file), unpacked);
        assert_eq!(library_beside(Some(&file)), Path::new(LIBRARY));
        std::fs::create_dir(folder.path().join("bin")).unwrap();
        let beside = file.with_file_name(LIBRARY);
        std::fs::write(&beside, "").unwrap();
        assert_eq!(library_beside(Some(&file)), beside);
        assert_eq!(library_near(&file), beside);
    }

    #[test]
    fn a_library_with_a_provider_has_a_folder_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("bin/program");
        let put = |path: &str| {
            let library = folder.path().join(path).join(LIBRARY);
            std::fs::create_dir_all(library.parent().unwrap()).unwrap();
            std::fs::write(&library, "").unwrap();
            library.canonicalize().unwrap()
        };
        put(".native/onnxruntime");
        put("bin");
        let found = |provider| {
            let path = library_with(provider, &program)?;
            Some(path.canonicalize().unwrap())
        };
        for provider in Provider::ALL {
            assert_eq!(found(provider), None, "{provider}");
        }
        let gpu = put(".native/onnxruntime-gpu");
        let openvino = put("lib/onnxruntime-openvino");
        assert_eq!(found(Provider::Cpu), None);
        assert_eq!(found(Provider::OpenVino), Some(openvino));
        assert_eq!(found(Provider::Cuda), Some(gpu.clone()));
        assert_eq!(found(Provider::TensorRt), Some(gpu));
    }

    /// `src` is a folder of the working directory of these tests.
    #[test]
    fn the_working_directory_is_no_neighbour() {
        for unknown in ["", "file", "src/file"] {
            assert_eq!(folder_of(Path::new(unknown)), None);
        }
        assert_eq!(library_beside(None), Path::new(LIBRARY));
    }
}
