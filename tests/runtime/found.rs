//! What folders hold beside pictures: the rest goes on, and nothing vanishes in silence.

use crate::harness::{Folder, predict};

#[test]
fn other_files_are_counted_and_named() {
    let folder = Folder::new();
    let jpeg = folder.draw("in/a.jpg", 64, 64, 1);
    for ending in ["jfif", "jpe"] {
        std::fs::copy(&jpeg, folder.at(&format!("in/b.{ending}"))).unwrap();
    }
    folder.write("in/._a.jpg", b"resource fork");
    folder.write("in/c.pgm", b"P5 1 1 255\n0");
    folder.write("in/d.gif", b"GIF89a");
    folder.write("in/e", b"notes");
    for json in [false, true] {
        let option = if json { "--json" } else { "--threads=1" };
        let run = predict([option.as_ref(), folder.at("in").as_path()]);
        assert_eq!(run.code(), Some(0));
        let rows = if json { 3 } else { 4 };
        assert_eq!(run.stdout().lines().count(), rows);
        let told = run.stderr();
        for name in ["._a.jpg", "c.pgm", "d.gif", "in/e"] {
            assert!(told.contains(name), "{name}: {told}");
        }
        assert_eq!(told.matches("passed over 1 ").count(), 4, "{told}");
        assert_eq!(told.contains("3 inspected, 0 failed, 4 passed over"), !json);
    }
}

#[cfg(unix)]
mod on_unix {
    use std::ffi::OsStr;
    use std::fs::{self, Permissions};
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_broken_link_is_an_error_and_the_rest_goes_on() {
        let folder = Folder::new();
        folder.draw("in/a.png", 64, 64, 1);
        symlink("/no/such.png", folder.at("in/gone.png")).unwrap();
        let run = predict(["--json".as_ref(), folder.at("in").as_path()]);
        run.refused(&["gone.png", "leads to nothing"]);
        let lines = run.json_lines();
        assert_eq!(lines.len(), 2);
        assert!(lines[0]["error"].is_string() && lines[1]["score"].is_number());
    }

    #[test]
    fn a_folder_that_may_not_be_read_is_an_error_and_the_rest_goes_on() {
        let folder = Folder::new();
        folder.draw("in/a.png", 64, 64, 1);
        let closed = folder.at("in/closed");
        fs::create_dir(&closed).unwrap();
        fs::set_permissions(&closed, Permissions::from_mode(0o000)).unwrap();
        if fs::read_dir(&closed).is_ok() {
            println!("skipped: this user may read everything");
            return;
        }
        for argument in [folder.at("in"), folder.at("in/**/*.png")] {
            let run = predict([argument]);
            run.refused(&["closed", "cannot be read", "1 inspected, 1 failed"]);
        }
    }

    #[test]
    fn linked_folders_are_searched() {
        let folder = Folder::new();
        folder.draw("in/a.png", 64, 64, 1);
        folder.draw("elsewhere/b.png", 64, 64, 2);
        symlink(folder.at("elsewhere"), folder.at("in/linked")).unwrap();
        symlink(folder.at("in"), folder.at("in/circle")).unwrap();
        let run = predict(["--json".as_ref(), folder.at("in").as_path()]);
        assert_eq!((run.code(), run.json_lines().len()), (Some(0), 2));
        assert!(run.stderr().contains("circle"), "{}", run.stderr());
    }

    /// A pipe in a folder would be waited for.
    #[test]
    fn what_is_no_file_is_not_opened() {
        let folder = Folder::new();
        folder.draw("in/a.png", 64, 64, 1);
        let made = std::process::Command::new("mkfifo")
            .arg(folder.at("in/b.png"))
            .status();
        assert!(made.unwrap().success());
        let run = predict([folder.at("in")]);
        assert_eq!(run.code(), Some(0));
        assert!(
            run.stderr().contains("neither file nor folder"),
            "{}",
            run.stderr()
        );
    }

    #[test]
    fn names_that_are_not_text_are_inspected_and_told_apart() {
        let folder = Folder::new();
        let drawn = folder.draw("drawn.png", 64, 64, 1);
        fs::create_dir(folder.at("in")).unwrap();
        for name in [&b"part_\xfe.png"[..], b"part_\xff.png"] {
            fs::copy(&drawn, folder.at("in").join(OsStr::from_bytes(name))).unwrap();
        }
        for argument in [
            folder.at("in"),
            folder.at("in/part_*.png"),
            folder.at("in/part_?.*"),
        ] {
            let save = ["--json".as_ref(), "--save=tiff".as_ref(), "--out".as_ref()];
            let out = folder.at("out");
            let paths = [out.as_os_str(), argument.as_os_str()];
            let lines = predict(save.into_iter().chain(paths)).fine();
            let [one, other] = &lines[..] else {
                panic!("{lines:?}")
            };
            assert!(one["path"].as_str().unwrap().ends_with("part_\\xfe.png"));
            assert!(other["path"].as_str().unwrap().ends_with("part_\\xff.png"));
            for (line, byte) in [(one, "fe"), (other, "ff")] {
                let hex = format!("706172745f{byte}2e");
                assert!(
                    line["path_bytes"].as_str().unwrap().contains(&hex),
                    "{line}"
                );
                assert!(line["saved_bytes"]["tiff"].as_str().unwrap().contains(&hex));
            }
        }
        let table = predict([folder.at("in")]).stdout();
        assert!(table.contains("part_\\xfe.png") && table.contains("part_\\xff.png"));
    }

    #[test]
    fn a_row_of_the_table_is_one_line() {
        let folder = Folder::new();
        let picture = folder.draw("a\nb\x1b[2J.png", 64, 64, 1);
        folder.write("c\nd.png", b"no picture");
        let run = predict([picture, folder.at("c\nd.png")]);
        let (table, errors) = (run.stdout(), run.stderr());
        assert_eq!(table.lines().count(), 2, "{table}");
        assert!(table.contains("a\\nb\\u{1b}[2J.png"), "{table}");
        let error = errors.lines().find(|line| line.starts_with("error"));
        assert!(
            error.unwrap().contains("c\\nd.png: this is not"),
            "{errors}"
        );
    }
}

#[test]
fn brackets_that_match_nothing_are_explained() {
    let folder = Folder::new();
    folder.draw("in[1]/frame[1].png", 64, 64, 1);
    let run = predict([
        "--json".as_ref(),
        folder.at("in[1]/frame[1]*.png").as_path(),
    ]);
    run.refused(&["no picture matches", "[[]"]);
    for path in [
        "in[1]",
        "in[1]/*.png",
        "in[1]/frame[1].png",
        "in[1]/frame[[]1].*",
    ] {
        let run = predict(["--json".as_ref(), folder.at(path).as_path()]);
        assert_eq!(run.fine().len(), 1, "{path}");
    }
}
