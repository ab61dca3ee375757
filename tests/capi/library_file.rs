//! The library as a file: what it exports, needs and is called.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use cfa::types::{CFA_ABI_MAJOR, CFA_ABI_MINOR};

use crate::workbench::{
    Workbench, built, bundle, command, example, include, onnxruntime, root, succeeds,
};

/// Functions that the header declares.
pub(crate) fn declared() -> BTreeSet<String> {
    let header = std::fs::read_to_string(include().join("cfa.h")).unwrap();
    let (_, functions) = header.split_once("extern \"C\" {").unwrap();
    let (functions, _) = functions.split_once("}  // extern \"C\"").unwrap();
    let code = functions
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let text = code.collect::<Vec<_>>().join("\n");
    let before_parentheses = text.split('(').filter_map(|part| {
        let name = part
            .rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .next()?;
        name.starts_with("cfa_").then(|| name.to_owned())
    });
    before_parentheses.collect()
}

fn tool_output(tool: &str, arguments: &[&str], file: &Path) -> String {
    succeeds(
        Command::new(tool)
            .args(arguments)
            .arg(file)
            .env("LC_ALL", "C"),
    )
}

pub(crate) fn exported(library: &Path) -> BTreeSet<String> {
    let listed = tool_output("nm", &["-D", "--defined-only"], library);
    let names = listed.lines().map(|line| line.rsplit(' ').next().unwrap());
    names.map(str::to_owned).collect()
}

#[test]
fn exactly_the_functions_of_the_header_are_exported() {
    let exported = exported(&built("libcfa.so"));
    assert_eq!(exported, declared());
    assert!(exported.len() >= 20, "{exported:?}");
}

#[test]
fn nothing_is_needed_but_the_c_library() {
    let dynamic = tool_output("readelf", &["-d", "-W"], &built("libcfa.so"));
    let needed: Vec<&str> = dynamic
        .lines()
        .filter(|line| line.contains("(NEEDED)"))
        .filter_map(|line| line.split(['[', ']']).nth(1))
        .collect();
    let c_library = [
        "libc.so.",
        "libm.so.",
        "libgcc_s.so.",
        "ld-linux",
        "libdl.so.",
        "libpthread.so.",
        "librt.so.",
    ];
    for library in &needed {
        assert!(
            c_library.iter().any(|known| library.starts_with(known)),
            "{needed:?}"
        );
    }
    assert!(
        !dynamic.contains("RPATH") && !dynamic.contains("RUNPATH"),
        "{dynamic}"
    );
    assert!(
        dynamic.contains("NODELETE") && dynamic.contains("BIND_NOW"),
        "{dynamic}"
    );
}

/// For the record: which distributions can load a library that was linked here.
#[test]
fn the_oldest_c_library_that_will_do_can_be_told() {
    let symbols = tool_output("objdump", &["-T"], &built("libcfa.so"));
    let version = |word: &str| -> Option<(u32, u32)> {
        let (major, minor) = word
            .split_once("GLIBC_")?
            .1
            .trim_end_matches(')')
            .split_once('.')?;
        Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
    };
    let newest = symbols
        .split_whitespace()
        .filter_map(version)
        .max()
        .unwrap();
    println!(
        "libcfa.so built here needs glibc {}.{} or newer",
        newest.0, newest.1
    );
    assert!(((2, 2)..(3, 0)).contains(&newest));
}

#[test]
fn all_version_numbers_agree() {
    let dynamic = tool_output("readelf", &["-d", "-W"], &built("libcfa.so"));
    assert!(
        dynamic.contains(&format!("[libcfa.so.{CFA_ABI_MAJOR}]")),
        "{dynamic}"
    );
    let version = format!("{CFA_ABI_MAJOR}.{CFA_ABI_MINOR}.0");
    let manifest = std::fs::read_to_string(root().join("capi/Cargo.toml")).unwrap();
    assert_eq!(
        manifest
            .matches(&format!("\nversion = \"{version}\""))
            .count(),
        2
    );
    let cmake = std::fs::read_to_string(root().join("capi/cmake/cfaConfigVersion.cmake")).unwrap();
    assert!(
        cmake.contains(&format!("PACKAGE_VERSION \"{version}\"")),
        "{cmake}"
    );
    assert!(
        cmake.contains(&format!("STREQUAL \"{CFA_ABI_MAJOR}\"")),
        "{cmake}"
    );

    // The number that the preprocessor computes, not its parts.
    let bench = Workbench::new();
    let source = bench.write(
        "version.c",
        "#include <cfa.h>\n#include <stdio.h>\nint main(void) { printf(\"%u %u\", (unsigned)CFA_ABI_VERSION, (unsigned)cfa_abi_version()); return 0; }\n",
    );
    let said = succeeds(&mut Command::new(bench.program(
        "gcc",
        &["-std=c11"],
        &source,
    )));
    let number = CFA_ABI_MAJOR << 16 | CFA_ABI_MINOR;
    assert_eq!(said, format!("{number} {number}"));
}

/// The libraries that `cfaConfig.cmake` names for `cfa::static` are those that are needed.
#[test]
fn a_program_can_be_linked_statically() {
    let cmake = std::fs::read_to_string(root().join("capi/cmake/cfaConfig.cmake")).unwrap();
    let (_, after) = cmake.split_once("INTERFACE_LINK_LIBRARIES \"").unwrap();
    let libraries = after.split('"').next().unwrap().split(';');
    let bench = Workbench::new();
    let program = bench.at("inspect");
    let mut compile = Command::new("gcc");
    compile
        .arg("-I")
        .arg(include())
        .arg(example("c/inspect.c"))
        .arg(built("libcfa.a"));
    compile.args(libraries.map(|library| format!("-l{library}")));
    succeeds(compile.arg("-o").arg(&program));
    let picture = crate::callers::picture(&bench);
    let said = succeeds(&mut command(&program, [onnxruntime(), bundle(), picture]));
    assert!(said.starts_with("score "), "{said}");
}

#[test]
fn panics_unwind_in_releases() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (_, release) = manifest.split_once("[profile.release]").unwrap();
    assert!(
        release.trim_start().starts_with("panic = \"unwind\""),
        "{release}"
    );
}
