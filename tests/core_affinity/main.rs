//! On which cores the network's threads may run, in a process of its own: the test looks at
//! all threads of the process.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "for tests only")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread::available_parallelism;

use cfa_runtime::ndarray::Array4;
use cfa_runtime::training_support::{Network, NetworkOptions};
use cfa_runtime::{Bundle, CoreAffinity, OnnxRuntime, Provider};

const THREADS: usize = 3;
const PICTURES: usize = 50;
/// The side of the model's input, in pixels.
const SIDE: usize = 64;

/// The cores that a thread may run on, as the system lists them.
fn allowed(status: &Path) -> Option<String> {
    let text = fs::read_to_string(status).ok()?;
    let list = text
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    Some(list.trim().to_owned())
}

/// The different lists of all threads, and the number of threads.
fn of_all_threads() -> (BTreeSet<String>, usize) {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let lists: Vec<String> = tasks
        .filter_map(|task| allowed(&task.unwrap().path().join("status")))
        .collect();
    (lists.iter().cloned().collect(), lists.len())
}

/// The library with OpenVINO, where `cargo xtask setup --openvino` has installed it, and the
/// providers that it has. A process can load one library only.
fn library() -> (OnnxRuntime, Vec<Provider>) {
    let with_openvino = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../.native/onnxruntime-openvino/libonnxruntime.so");
    if with_openvino.is_file() {
        let library = OnnxRuntime::load(&with_openvino).unwrap();
        return (library, vec![Provider::Cpu, Provider::OpenVino]);
    }
    eprintln!("OpenVINO is skipped: it is not installed");
    let library = std::env::var_os("ORT_DYLIB_PATH").expect("cargo sets ORT_DYLIB_PATH");
    let library = OnnxRuntime::load(Path::new(&library)).unwrap();
    (library, vec![Provider::Cpu])
}

fn network(library: &OnnxRuntime, provider: Provider, core_affinity: CoreAffinity) -> Network {
    let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tiny/tiny.cfa");
    let bundle = Bundle::open(&bundle).unwrap();
    let options = NetworkOptions {
        core_affinity,
        ..bundle.manifest().network_options(provider, THREADS)
    };
    Network::new(library, bundle.network_onnx(), &options).unwrap()
}

/// The bits of all outputs for one picture.
fn computed(network: &mut Network) -> Vec<u32> {
    let input = Array4::from_shape_fn((1, 3, SIDE, SIDE), |(_, c, y, x)| {
        (c * 3 + y * 2 + x) as f32 / 100.0
    });
    let outputs = network.run(&input).unwrap();
    let all = outputs.all().unwrap();
    let bits = all.iter().flatten().map(|value| value.to_bits());
    bits.collect()
}

/// A thread may still be starting while the first pictures are computed.
#[test]
fn untouched_affinities_are_those_of_the_process_and_results_have_the_same_bits() {
    let own = BTreeSet::from([allowed(Path::new("/proc/self/status")).unwrap()]);
    let cores = available_parallelism().unwrap().get();
    let (library, providers) = library();
    // Untouched networks first: a managed one changes what is seen of the process.
    let untouched: Vec<_> = providers
        .iter()
        .map(|&provider| {
            let mut network = network(&library, provider, CoreAffinity::Untouched);
            let bits = computed(&mut network);
            for _picture in 0..PICTURES {
                assert_eq!(computed(&mut network), bits);
                let (lists, threads) = of_all_threads();
                assert_eq!(lists, own, "{provider}");
                assert!(threads > 1, "the network's threads are not seen");
            }
            bits
        })
        .collect();
    for (provider, bits) in providers.into_iter().zip(untouched) {
        let mut managed = network(&library, provider, CoreAffinity::Managed);
        let seen = (0..PICTURES).any(|_picture| {
            assert_eq!(computed(&mut managed), bits, "{provider}");
            let (lists, _threads) = of_all_threads();
            lists.len() > 1
        });
        assert!(seen || cores == 1, "the test does not see affinities");
    }
}
