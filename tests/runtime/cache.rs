//! Networks kept between runs: another way to open them, and the same results.

use std::fs;
use std::path::{Path, PathBuf};

use cfa_runtime::{HeadPlacement, Inspector, InspectorOptions, Picture, ProviderOptions};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::harness::{Folder, Run, drawing, onnx_runtime, predict, program, tiny_bundle};

/// The one folder of a kept network, below the cache.
fn kept(cache: &Path) -> PathBuf {
    let all = fs::read_dir(cache.join("optimised")).unwrap();
    let all: Vec<_> = all.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(all.len(), 1, "{all:?}");
    all.into_iter().next().unwrap()
}

fn open(cache: Option<&Path>) -> Inspector {
    open_with(cache, HeadPlacement::Host)
}

fn open_with(cache: Option<&Path>, head: HeadPlacement) -> Inspector {
    let options = InspectorOptions {
        head,
        provider: ProviderOptions {
            cache_folder: cache.map(Path::to_owned),
            ..ProviderOptions::default()
        },
        ..InspectorOptions::default()
    };
    Inspector::open(&tiny_bundle(), &onnx_runtime(), &options).unwrap()
}

/// All bits of the map.
fn inspected(inspector: &mut Inspector) -> Vec<u32> {
    let drawing = drawing(90, 70, 1);
    let picture = Picture::from_rgb8(90, 70, drawing.into_raw()).unwrap();
    let map = inspector.inspect(&picture).unwrap().map;
    map.values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn a_kept_network_gives_the_same_bits_and_is_made_once() {
    let folder = Folder::new();
    let cache = folder.at("cache");
    let expected = inspected(&mut open(None));
    for _opening in 0..2 {
        let mut inspector = open(Some(&cache));
        assert_eq!(inspected(&mut inspector), expected);
        assert_eq!(inspector.take_warnings(), Vec::<String>::new());
    }
    let network = kept(&cache).join("network.onnx");
    let written = || fs::metadata(&network).unwrap().modified().unwrap();
    let first = written();
    assert_eq!(inspected(&mut open(Some(&cache))), expected);
    assert_eq!(written(), first);
}

/// The kept form and its digests; what it was made from is gone.
#[test]
fn nothing_but_the_kept_network_stays() {
    let folder = Folder::new();
    let cache = folder.at("cache");
    open(Some(&cache));
    let files = fs::read_dir(kept(&cache)).unwrap();
    let mut names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    names.sort_unstable();
    assert_eq!(names, ["network.onnx", "sha256", "weights.bin"]);
}

#[test]
fn one_with_the_head_in_it_is_another_network() {
    let folder = Folder::new();
    let cache = folder.at("cache");
    open(Some(&cache));
    let expected = inspected(&mut open_with(None, HeadPlacement::Graph));
    for _opening in 0..2 {
        let mut inspector = open_with(Some(&cache), HeadPlacement::Graph);
        assert_eq!(inspected(&mut inspector), expected);
    }
    assert_eq!(fs::read_dir(cache.join("optimised")).unwrap().count(), 2);
}

#[test]
fn a_damaged_one_is_not_believed() {
    let folder = Folder::new();
    let cache = folder.at("cache");
    let expected = inspected(&mut open(Some(&cache)));
    let weights = kept(&cache).join("weights.bin");
    let whole = fs::read(&weights).unwrap();
    let mut damaged = whole.clone();
    for byte in damaged.iter_mut().step_by(2) {
        *byte ^= 0x40;
    }
    fs::write(&weights, damaged).unwrap();
    let mut inspector = open(Some(&cache));
    assert_eq!(inspected(&mut inspector), expected);
    assert_eq!(fs::read(kept(&cache).join("weights.bin")).unwrap(), whole);
}

/// As by another build of the library under the same name.
#[test]
fn one_that_is_whole_and_refused_is_made_anew() {
    let folder = Folder::new();
    let cache = folder.at("cache");
    let expected = inspected(&mut open(Some(&cache)));
    let [network, digests] = ["network.onnx", "sha256"].map(|name| kept(&cache).join(name));
    let whole = fs::read(&network).unwrap();
    let recorded = fs::read_to_string(&digests).unwrap();
    let hex = |bytes: &[u8]| {
        let digest = Sha256::digest(bytes);
        let digits: Vec<_> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        digits.concat()
    };
    let other = recorded.replace(&hex(&whole), &hex(b"not onnx"));
    assert_ne!(other, recorded);
    fs::write(&network, "not onnx").unwrap();
    fs::write(&digests, other).unwrap();
    let mut inspector = open(Some(&cache));
    assert_eq!(inspected(&mut inspector), expected);
    assert_eq!(inspector.take_warnings(), Vec::<String>::new());
    // Its bytes are not the same each time that it is made.
    assert_ne!(fs::read(&network).unwrap(), b"not onnx");
}

/// Under a name that the system's loader looks up, another library is another library, too.
#[cfg(target_os = "linux")]
#[test]
fn a_library_found_by_the_loader_counts() {
    let folder = Folder::new();
    let cache = folder.at("cache");
    let picture = folder.draw("a.png", 64, 48, 1);
    let library = fs::canonicalize(onnx_runtime().path()).unwrap();
    let predict_with = |place: &str| {
        fs::create_dir_all(folder.at(place)).unwrap();
        let found = folder.at(place).join("libonnxruntime.so");
        if !found.exists() {
            fs::copy(&library, found).unwrap();
        }
        let mut command = program();
        command
            .args(["predict", "--json", "--model"])
            .arg(tiny_bundle());
        command.arg(&picture).arg("--cache").arg(&cache);
        command.env("ORT_DYLIB_PATH", "libonnxruntime.so");
        Run::finished(command.env("LD_LIBRARY_PATH", folder.at(place))).fine();
        fs::read_dir(cache.join("optimised")).unwrap().count()
    };
    let places = ["old", "old", "new", "old"];
    assert_eq!(places.map(predict_with), [1, 1, 2, 2]);
}

#[test]
fn a_network_in_use_may_be_removed() {
    let folder = Folder::new();
    let cache = folder.at("cache");
    let mut inspector = open(Some(&cache));
    fs::remove_dir_all(&cache).unwrap();
    assert_eq!(inspected(&mut inspector), inspected(&mut open(None)));
}

fn prediction(options: &[&str]) -> (Run, Value) {
    let folder = Folder::new();
    let picture = folder.draw("a.png", 64, 48, 1);
    let run = predict(["--json", picture.to_str().unwrap()].iter().chain(options));
    let mut line = run.json_lines().remove(0);
    // Times and the picture's place differ from run to run.
    for key in ["milliseconds", "path"] {
        line.as_object_mut().unwrap().remove(key);
    }
    (run, line)
}

#[test]
fn a_place_where_nothing_can_be_kept_is_named_and_does_no_harm() {
    let folder = Folder::new();
    let file = folder.write("in_the_way", b"");
    let (_run, expected) = prediction(&[]);
    let (run, line) = prediction(&["--cache", file.to_str().unwrap()]);
    assert_eq!((run.code(), line), (Some(0), expected));
    let said = run.stderr();
    assert!(
        said.contains("warning") && said.contains("in_the_way"),
        "{said}"
    );
}

#[cfg(unix)]
#[test]
fn what_others_could_change_is_not_opened() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let cache = folder.at("cache");
    let expected = inspected(&mut open(Some(&cache)));
    let network = kept(&cache);
    for open_to_all in [&network, &cache.join("optimised"), &cache] {
        let private = open_to_all.metadata().unwrap().permissions();
        assert_eq!(private.mode() & 0o777, 0o700, "{}", open_to_all.display());
        // What would be opened, if it were believed, is no network.
        let whole = fs::read(network.join("network.onnx")).unwrap();
        fs::set_permissions(open_to_all, fs::Permissions::from_mode(0o777)).unwrap();
        fs::write(network.join("network.onnx"), "planted").unwrap();
        let mut inspector = open(Some(&cache));
        assert_eq!(inspected(&mut inspector), expected);
        let warnings = inspector.take_warnings().concat();
        let place = open_to_all.display().to_string();
        assert!(
            warnings.contains("not safe") && warnings.contains(&place),
            "{warnings}"
        );
        let left = fs::read(network.join("network.onnx")).unwrap();
        assert_eq!(left, b"planted", "{place}");
        fs::write(network.join("network.onnx"), whole).unwrap();
        fs::set_permissions(open_to_all, private).unwrap();
    }
    let mut inspector = open(Some(&cache));
    assert_eq!(inspected(&mut inspector), expected);
    assert_eq!(inspector.take_warnings(), Vec::<String>::new());
}

#[test]
fn no_cache_keeps_nothing() {
    let folder = Folder::new();
    let cache = folder.at("cache");
    let cache = cache.to_str().unwrap();
    let picture = folder.draw("a.png", 64, 48, 1);
    let picture = picture.to_str().unwrap();
    predict(["--json", "--cache", cache, picture]).fine();
    kept(Path::new(cache));
    predict(["--no-cache", "--cache", cache, picture]).refused(&["--no-cache", "--cache"]);
}
