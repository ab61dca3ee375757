#![allow(clippy::unwrap_used, reason = "for tests only")]

use super::*;

fn remarks(inputs: &Inputs) -> String {
    let all: Vec<_> = inputs.passed_over.remarks().collect();
    all.join("\n")
}

fn folder_with(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"").unwrap();
    }
    folder
}

fn relative(inputs: &Inputs) -> Vec<&str> {
    inputs
        .pictures
        .iter()
        .map(|input| input.relative.to_str().unwrap())
        .collect()
}

#[test]
fn folders_are_searched_in_order_for_picture_endings() {
    let folder = folder_with(&["b.png", "a/2.JPG", "a/10.webp", "notes.txt", "c"]);
    let inputs = Inputs::find(&[folder.path().to_owned()]);
    assert_eq!(relative(&inputs), ["a/10.webp", "a/2.JPG", "b.png"]);
    assert!(inputs.failures.is_empty());
    let remarks = remarks(&inputs);
    assert!(remarks.contains("1 file with the ending .txt"), "{remarks}");
    assert!(remarks.contains("1 file without an ending"), "{remarks}");
}

#[test]
fn globs_keep_the_path_below_their_fixed_part() {
    let folder = folder_with(&["a/x.png", "b/x.png", "b/x.txt"]);
    let inputs = Inputs::find(&[folder.path().join("*/x.*")]);
    assert_eq!(relative(&inputs), ["a/x.png", "b/x.png"]);
}

#[test]
fn a_file_named_outright_may_have_any_ending_and_glob_signs() {
    let folder = folder_with(&["frame[1].dat"]);
    let inputs = Inputs::find(&[folder.path().join("frame[1].dat")]);
    assert_eq!(relative(&inputs), ["frame[1].dat"]);
}

#[test]
fn arguments_without_pictures_are_failures_beside_the_rest() {
    let folder = folder_with(&["ok.png", "empty/readme.txt"]);
    let at = |name: &str| folder.path().join(name);
    let inputs = Inputs::find(&[
        at("none.png"),
        at("empty"),
        at("ok.png"),
        at("*.bmp"),
        at("["),
    ]);
    assert_eq!(relative(&inputs), ["ok.png"]);
    let failed: Vec<_> = inputs
        .failures
        .iter()
        .map(|(path, _)| path.clone())
        .collect();
    assert_eq!(failed, [at("none.png"), at("empty"), at("*.bmp"), at("[")]);
}

#[test]
fn hidden_files_and_folders_of_the_system_are_counted_and_named() {
    let folder = folder_with(&["a.png", "._a.png", ".trash/b.png", "@eaDir/a.png/S.jpg"]);
    for argument in [folder.path().to_owned(), folder.path().join("**/*")] {
        let inputs = Inputs::find(&[argument]);
        assert_eq!(relative(&inputs), ["a.png"]);
        assert_eq!(inputs.passed_over.count(), 3);
        let remarks = remarks(&inputs);
        assert!(
            remarks.contains("2 hidden") && remarks.contains("@eaDir"),
            "{remarks}"
        );
    }
    let asked_for = Inputs::find(&[folder.path().join("._*")]);
    assert_eq!(relative(&asked_for), ["._a.png"]);
}

#[test]
fn brackets_of_a_folder_that_exists_are_meant_as_they_are() {
    let folder = folder_with(&["in[1]/a.png", "in1/b.png"]);
    let at = |name: &str| folder.path().join(name);
    assert_eq!(relative(&Inputs::find(&[at("in[1]/*.png")])), ["a.png"]);
    assert_eq!(relative(&Inputs::find(&[at("in[1]")])), ["a.png"]);
    assert_eq!(relative(&Inputs::find(&[at("in[2]/[[]*")])), [""; 0]);
    let none = Inputs::find(&[at("in[1]/a[1].png")]);
    let error = none.failures[0].1.to_string();
    assert!(error.contains("[[]"), "{error}");
}

#[test]
fn a_folder_that_a_pattern_matches_is_told() {
    let folder = folder_with(&["a.png", "sub/b.png"]);
    let inputs = Inputs::find(&[folder.path().join("*")]);
    assert_eq!(relative(&inputs), ["a.png"]);
    assert!(remarks(&inputs).contains("1 folder that matches"));
}

#[cfg(unix)]
mod on_unix {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn linked_folders_are_searched_and_circles_are_not() {
        let folder = folder_with(&["in/a.png", "elsewhere/b.png"]);
        let at = |name: &str| folder.path().join(name);
        symlink(at("elsewhere"), at("in/linked")).unwrap();
        symlink(at("in"), at("elsewhere/back")).unwrap();
        let inputs = Inputs::find(&[at("in")]);
        assert_eq!(relative(&inputs), ["a.png", "linked/b.png"]);
        assert!(inputs.failures.is_empty());
        assert!(remarks(&inputs).contains("1 link to a folder around it"));
    }

    #[test]
    fn a_broken_link_fails_and_the_rest_goes_on() {
        let folder = folder_with(&["a.png"]);
        let link = folder.path().join("gone.png");
        symlink("/no/such/file.png", &link).unwrap();
        for argument in [folder.path().to_owned(), folder.path().join("*.png")] {
            let inputs = Inputs::find(&[argument]);
            assert_eq!(relative(&inputs), ["a.png"]);
            let [(path, error)] = &inputs.failures[..] else {
                unreachable!("one link")
            };
            assert_eq!(path, &link);
            assert!(error.to_string().contains("leads to nothing"), "{error}");
        }
    }

    #[test]
    fn names_that_are_not_text_are_found_by_folder_and_pattern() {
        let folder = tempfile::tempdir().unwrap();
        let picture = folder.path().join(OsStr::from_bytes(b"part_\xff.png"));
        fs::write(&picture, b"").unwrap();
        for argument in [folder.path().to_owned(), folder.path().join("part_*.png")] {
            let inputs = Inputs::find(&[argument]);
            assert_eq!(inputs.pictures[0].path, picture);
        }
    }
}
