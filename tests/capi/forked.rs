//! A process that is forked after libcfa was loaded.

use std::process::Command;

use crate::workbench::{
    Workbench, bundle, command, example, has, libraries, onnxruntime, source, succeeds,
};

#[test]
fn a_forked_process_is_told_and_does_not_hang() {
    let bench = Workbench::new();
    let program = bench.program("gcc", &["-std=c11", "-O1"], &source("fork.c"));
    succeeds(&mut command(&program, [onnxruntime(), bundle()]));
}

/// Python's `multiprocessing` forks on Linux.
const WORKERS: &str = r#"
import ctypes as c, importlib.util, multiprocessing, sys

path, libcfa, onnxruntime, bundle = sys.argv[1:]
spec = importlib.util.spec_from_file_location("example", path)
example = importlib.util.module_from_spec(spec)
spec.loader.exec_module(example)
cfa = example.Cfa(libcfa)
options, model, session = c.c_void_p(), c.c_void_p(), c.c_void_p()
text = example.Str.of
cfa.call("cfa_options_new", c.byref(options))
cfa.call("cfa_options_set", options, text("onnxruntime"), text(onnxruntime))
cfa.call("cfa_options_set", options, text("threads"), text("2"))
cfa.call("cfa_model_open", text(bundle), options, c.byref(model))

def new_session():
    made = c.c_void_p()
    cfa.call("cfa_session_new", model, options, c.byref(made))
    return made

def work(_number):
    try:
        cfa.call("cfa_session_self_test", session)
        return "no error"
    except RuntimeError as error:
        own = new_session()
        cfa.call("cfa_session_self_test", own)
        cfa.free("cfa_session_free", own)
        return str(error)

session = new_session()
with multiprocessing.get_context("fork").Pool(2) as pool:
    said = pool.map_async(work, range(4)).get(timeout=60)
assert all("forked" in one and "spawn" in one for one in said), said
cfa.call("cfa_session_self_test", session)
"#;

#[test]
fn workers_of_python_are_told() {
    if !has("python3", "--version") {
        return;
    }
    let mut python = Command::new("python3");
    python.args(["-c", WORKERS]);
    python.arg(example("python/inspect_picture.py"));
    python.arg(libraries().join("libcfa.so.1"));
    succeeds(python.arg(onnxruntime()).arg(bundle()));
}
