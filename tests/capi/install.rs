//! Installed as packagers install it, and found by pkg-config and CMake.

use std::path::{Path, PathBuf};
use std::process::Command;

use cfa::types::{CFA_ABI_MAJOR, CFA_ABI_MINOR};

use crate::workbench::{
    Workbench, built, bundle, command, example, has, onnxruntime, root, succeeds,
};

fn installed(bench: &Workbench) -> PathBuf {
    let prefix = bench.at("prefix");
    let mut install = Command::new("cargo-cinstall");
    install.args(["cinstall", "--package", "cfa-capi", "--profile", "plain"]);
    install
        .arg("--prefix")
        .arg(&prefix)
        .arg("--libdir")
        .arg(prefix.join("lib"));
    // In a folder that is kept, so that only the first run builds everything.
    install.arg("--target-dir").arg(built_in());
    succeeds(install.env("CARGO", env!("CARGO")).current_dir(root()));
    prefix
}

fn built_in() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    tests.ancestors().nth(3).unwrap().join("cargo-c")
}

/// The installation as cargo-c lays it out, for where that is not installed.
fn laid_out(bench: &Workbench) -> PathBuf {
    let prefix = bench.at("laid_out");
    let capi = root().join("capi");
    let libraries = ["libcfa.so", "libcfa.a"].map(|name| (built(name), format!("lib/{name}")));
    let others =
        ["include/cfa.h", "include/cfa.hpp"].map(|name| (capi.join(name), name.to_owned()));
    let configs = ["cfaConfig.cmake", "cfaConfigVersion.cmake"].map(|name| {
        (
            capi.join("cmake").join(name),
            format!("share/cfa/cmake/{name}"),
        )
    });
    for (from, to) in libraries.into_iter().chain(others).chain(configs) {
        let to = prefix.join(to);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from, to).unwrap();
    }
    std::os::unix::fs::symlink("libcfa.so", prefix.join("lib/libcfa.so.1")).unwrap();
    let pkg_config = prefix.join("lib/pkgconfig/cfa.pc");
    std::fs::create_dir(pkg_config.parent().unwrap()).unwrap();
    let prefix_line = format!("prefix={}\n", prefix.display());
    std::fs::write(
        pkg_config,
        prefix_line + &PKG_CONFIG.replace("VERSION", &version()),
    )
    .unwrap();
    prefix
}

/// What cargo-c writes for `capi/Cargo.toml`, shortened, without the version.
const PKG_CONFIG: &str = "libdir=${prefix}/lib
includedir=${prefix}/include
Name: cfa
Description: Inspect pictures for anomalies with a CFA model
Version: VERSION
Libs: -L${libdir} -lcfa
Cflags: -I${includedir}
";

#[test]
fn pkg_config_finds_an_installed_library() {
    let bench = Workbench::new();
    let prefix = laid_out(&bench);
    found_by_pkg_config(&bench, &prefix);
}

#[test]
fn cmake_finds_an_installed_library() {
    let bench = Workbench::new();
    let prefix = laid_out(&bench);
    found_by_cmake(&bench, &prefix);
}

#[test]
fn cargo_cinstall_installs_what_pkg_config_and_cmake_find() {
    if !has("cargo-cinstall", "--version") {
        return;
    }
    let bench = Workbench::new();
    let prefix = installed(&bench);
    let version = version();
    let file_of_version = format!("lib/libcfa.so.{version}");
    for file in [
        "include/cfa.h",
        "include/cfa.hpp",
        "lib/libcfa.so",
        "lib/libcfa.so.1",
        &file_of_version,
        "lib/libcfa.a",
        "lib/pkgconfig/cfa.pc",
        "share/cfa/cmake/cfaConfig.cmake",
        "share/cfa/cmake/cfaConfigVersion.cmake",
    ] {
        assert!(prefix.join(file).exists(), "{file} is not installed");
    }
    let dynamic = succeeds(
        Command::new("readelf")
            .args(["-d", "-W"])
            .arg(prefix.join("lib/libcfa.so")),
    );
    assert!(dynamic.contains("[libcfa.so.1]"), "{dynamic}");
    found_by_pkg_config(&bench, &prefix);
    found_by_cmake(&bench, &prefix);
}

/// The version of the interface, which is that of the installed library.
fn version() -> String {
    format!("{CFA_ABI_MAJOR}.{CFA_ABI_MINOR}.0")
}

fn found_by_pkg_config(bench: &Workbench, prefix: &Path) {
    if !has("pkg-config", "--version") {
        return;
    }
    let ask = |question: &[&str]| {
        let mut command = Command::new("pkg-config");
        command.args(question).arg("cfa");
        succeeds(command.env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig")))
    };
    assert_eq!(ask(&["--modversion"]).trim(), version());
    let program = bench.at("by_pkg_config");
    let mut compile = Command::new("gcc");
    compile
        .args(ask(&["--cflags"]).split_whitespace())
        .arg(example("c/inspect.c"));
    compile
        .args(ask(&["--libs"]).split_whitespace())
        .arg("-o")
        .arg(&program);
    succeeds(&mut compile);
    runs(bench, &program, &prefix.join("lib"));
}

const PROJECT: &str = "
cmake_minimum_required(VERSION 3.16)
project(smoke C)
find_package(cfa 1.0 REQUIRED)
add_executable(shared INSPECT)
target_link_libraries(shared cfa::cfa)
add_executable(static INSPECT)
target_link_libraries(static cfa::static)
";

fn found_by_cmake(bench: &Workbench, prefix: &Path) {
    if !has("cmake", "--version") {
        return;
    }
    let inspect = example("c/inspect.c");
    bench.write(
        "CMakeLists.txt",
        &PROJECT.replace("INSPECT", inspect.to_str().unwrap()),
    );
    let build = bench.at("build");
    let mut configure = Command::new("cmake");
    configure.arg("-S").arg(bench.at("")).arg("-B").arg(&build);
    succeeds(configure.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display())));
    succeeds(Command::new("cmake").arg("--build").arg(&build));
    for program in ["shared", "static"] {
        runs(bench, &build.join(program), &prefix.join("lib"));
    }
    bench.write(
        "CMakeLists.txt",
        &PROJECT
            .replace("INSPECT", inspect.to_str().unwrap())
            .replace("cfa 1.0", "cfa 2.0"),
    );
    let mut newer = Command::new("cmake");
    newer
        .arg("-S")
        .arg(bench.at(""))
        .arg("-B")
        .arg(bench.at("newer"));
    newer.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display()));
    assert!(
        !newer.output().unwrap().status.success(),
        "version 2.0 was found"
    );
}

fn runs(bench: &Workbench, program: &Path, libraries: &Path) {
    let picture = crate::callers::picture(bench);
    let mut inspect = command(program, [onnxruntime(), bundle(), picture]);
    let said = succeeds(inspect.env("LD_LIBRARY_PATH", libraries));
    assert!(said.starts_with("score "), "{said}");
}
