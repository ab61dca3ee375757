//! Nothing is sent to anybody, and no file is written where none was asked for.
//!
//! `cfa-run` and a program with `libcfa` run for a minute in a network of their own, where each
//! address is this machine, whose name server writes down what it is asked for. Before that,
//! a program does there what is forbidden, and all of it must be seen.
//!
//! `CFA_TELEMETRY_LIBRARY` may name an ONNX Runtime that sends telemetry (1.29 or newer): then
//! it must be heard when it is used directly, and not when it is used through us.

mod network;
mod station;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::workbench::{
    Workbench, bundle, cfa_run, command, has, onnxruntime, run, skipped, source, succeeds,
};
use network::Network;
use station::Station;

/// ONNX Runtime waits for some seconds before it sends, and then for longer.
const WATCHED: Duration = Duration::from_secs(62);

const WITH_CACHE: &str = "cfa-run";
const NO_CACHE: &[&str] = &["--no-cache"];

/// Tells the test in the namespace where the programs are.
const PROGRAMS: &str = "CFA_QUIET_PROGRAMS";
const TELEMETRY_LIBRARY: &str = "CFA_TELEMETRY_LIBRARY";

#[test]
fn nothing_calls_home_and_no_file_is_left() {
    if !has("ip", "-V") {
        return;
    }
    let Some(mut inside) = namespace() else {
        let reason = "no network namespace can be made here (root, or user namespaces, needed)";
        assert!(env::var_os("CFA_TESTS_NO_SKIP").is_none(), "{reason}");
        skipped(reason);
        return;
    };
    let bench = Workbench::new();
    bench.program("gcc", &["-std=c11", "-O1"], &source("quiet.c"));
    bench.program("gcc", &["-std=c11", "-O1"], &source("witness.c"));
    crate::callers::picture(&bench);
    inside.arg(env::current_exe().unwrap());
    inside.args([
        "--exact",
        "quiet::inside_the_namespace",
        "--ignored",
        "--nocapture",
    ]);
    inside.env(PROGRAMS, bench.at(""));
    inside.env("CFA_QUIET_ONNXRUNTIME", onnxruntime());
    inside.env("CFA_QUIET_CFA_RUN", cfa_run());
    println!("{}", succeeds(&mut inside));
}

/// A command that starts a program in a network of its own.
fn namespace() -> Option<Command> {
    let ways: [&[&str]; 2] = [
        &["--net", "--mount"],
        &["--map-root-user", "--net", "--mount"],
    ];
    let works = |way: &&&[&str]| {
        let mut probe = command(Path::new("unshare"), **way);
        probe
            .arg("true")
            .output()
            .is_ok_and(|output| output.status.success())
    };
    let way = ways.iter().find(works)?;
    Some(command(Path::new("unshare"), *way))
}

#[test]
#[ignore = "is run by the test above, in a network of its own"]
fn inside_the_namespace() {
    let Some(programs) = env::var_os(PROGRAMS).map(PathBuf::from) else {
        return;
    };
    let network = Network::listening();
    the_network_sees_what_is_forbidden(&network, &programs);
    let library = PathBuf::from(env::var_os("CFA_QUIET_ONNXRUNTIME").unwrap());
    let telemetry = env::var_os(TELEMETRY_LIBRARY).map(PathBuf::from);
    if let Some(library) = &telemetry {
        telemetry_is_heard(&network, &programs, library);
    }
    let mut stations = ours(&programs, &library);
    if has_no_network_code(&library) {
        let mut direct = command(&programs.join("witness"), [&library]);
        direct.arg(WATCHED.as_secs().to_string());
        stations.push(Station::start(
            "ONNX Runtime of the set-up by itself",
            direct,
        ));
    }
    if let Some(library) = &telemetry {
        stations.push(Station::start(
            "cfa-run with telemetry",
            predict(library, NO_CACHE),
        ));
    }
    let picture = programs.join("picture.png");
    for _ in 0..WATCHED.as_secs() / 2 {
        for station in &mut stations {
            station.tell(&picture);
        }
        thread::sleep(Duration::from_secs(2));
    }
    for station in stations {
        let name = station.name;
        let files = station.finished();
        // What it keeps, and where, docs/PROVIDERS.md tells.
        let kept = |file: &PathBuf| name == WITH_CACHE && file.starts_with("cache/cfa-run");
        let others: Vec<_> = files.iter().filter(|&file| !kept(file)).collect();
        assert!(others.is_empty(), "{name}: {others:?}");
        assert_eq!(name == WITH_CACHE, !files.is_empty(), "{name}");
    }
    network.expect_silence();
    if let Some(library) = &telemetry {
        libcfa_refuses(&programs, library);
    }
}

fn ours(programs: &Path, library: &Path) -> Vec<Station> {
    let mut quiet = command(&programs.join("quiet"), [library.to_owned(), bundle()]);
    quiet.arg(WATCHED.as_secs().to_string());
    vec![
        Station::start("libcfa", quiet),
        Station::start(WITH_CACHE, predict(library, &[])),
        Station::start("cfa-run --no-cache", predict(library, NO_CACHE)),
    ]
}

fn predict(library: &Path, more: &[&str]) -> Command {
    let mut predict = Command::new(env::var_os("CFA_QUIET_CFA_RUN").unwrap());
    predict.args(["predict", "--json", "-", "--model"]);
    predict.arg(bundle()).arg("--onnxruntime").arg(library);
    predict.args(more);
    predict
}

fn the_network_sees_what_is_forbidden(network: &Network, programs: &Path) {
    let witness = Station::start("witness", Command::new(programs.join("witness")));
    let files = witness.finished();
    let folders: [&Path; 4] = ["cache", "home", "tmp", "work"].map(Path::new);
    assert_eq!(files, folders.map(|folder| folder.join("witness")));
    let heard = network.heard();
    assert!(
        heard.questions.iter().any(|name| name == "witness.example"),
        "{heard:?}"
    );
    assert!(heard.connections >= 1 && heard.datagrams >= 1, "{heard:?}");
}

fn telemetry_is_heard(network: &Network, programs: &Path, library: &Path) {
    let mut direct = command(&programs.join("witness"), [library]);
    direct.arg("45");
    let files = Station::start("ONNX Runtime with telemetry", direct).finished();
    let heard = network.heard();
    println!("heard of {}: {heard:?}, {files:?}", library.display());
    assert!(!files.is_empty() && !heard.questions.is_empty());
}

/// Without the variable, which a library cannot set.
fn libcfa_refuses(programs: &Path, library: &Path) {
    let mut quiet = command(&programs.join("quiet"), [library.to_owned(), bundle()]);
    let output = run(quiet.arg("1").env_remove("ORT_DISABLE_TELEMETRY"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("503 ") && said.contains("ORT_DISABLE_TELEMETRY=1"),
        "{said}"
    );
}

/// Whether a library cannot send anything, because it calls no function that would.
fn has_no_network_code(library: &Path) -> bool {
    let mut listed = Command::new("nm");
    let listed = succeeds(listed.args(["-D", "--undefined-only"]).arg(library));
    let names = listed
        .split_whitespace()
        .filter_map(|word| word.split('@').next());
    let calls = [
        "connect",
        "getaddrinfo",
        "send",
        "sendmsg",
        "sendto",
        "socket",
    ];
    !names.into_iter().any(|name| calls.contains(&name))
}

#[test]
fn the_library_of_the_set_up_has_no_network_code() {
    let installed = crate::workbench::root().join(".native/onnxruntime/libonnxruntime.so");
    if onnxruntime() != installed {
        skipped("ORT_DYLIB_PATH names another library");
        return;
    }
    assert!(has_no_network_code(&installed));
}
