#![allow(clippy::unwrap_used, reason = "for tests only")]

use std::path::Path;

use super::{NetworkError, OnnxRuntime, Provider};

#[test]
fn a_missing_library_is_named_with_the_way_to_get_it() {
    let path = Path::new("/no/such/folder/libonnxruntime.so");
    let error = OnnxRuntime::load(path).unwrap_err();
    let (text, is_library) = (
        error.to_string(),
        matches!(error, NetworkError::Library { .. }),
    );
    assert!(is_library, "{text}");
    assert!(text.contains("/no/such/folder/libonnxruntime.so"), "{text}");
    assert!(text.contains("install it"), "{text}");
    assert!(!text.contains("xtask"), "programs add that: {text}");
}

#[test]
fn a_file_that_is_no_library_is_refused() {
    let error = OnnxRuntime::load(Path::new(file!())).unwrap_err();
    assert!(matches!(error, NetworkError::Library { .. }), "{error}");
    let text_file = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let error = OnnxRuntime::load(&text_file).unwrap_err();
    let reason = std::error::Error::source(&error).unwrap().to_string();
    assert!(
        reason.contains("not a shared library") && reason.contains("Cargo.toml"),
        "{reason}"
    );
}

#[test]
fn providers_are_read_by_name() {
    assert_eq!("cpu".parse(), Ok(Provider::Cpu));
    assert_eq!(Provider::Cpu.to_string(), "cpu");
    let error = "gpu".parse::<Provider>().unwrap_err();
    assert!(error.to_string().contains("gpu"));
}
