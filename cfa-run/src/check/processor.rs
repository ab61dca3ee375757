//! The processor of this machine.

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZeroUsize;
use std::thread;

use cfa_runtime::network::processor_instructions;
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(super) struct Processor {
    pub(super) name: Option<String>,
    pub(super) architecture: &'static str,
    /// Instructions that speed up networks, as the processor names them.
    pub(super) features: Vec<&'static str>,
    /// Physical cores, where the system tells.
    pub(super) cores: Option<usize>,
    /// What this process may use at once, and the default of `--threads`.
    pub(super) threads: usize,
}

impl Processor {
    pub(super) fn this() -> Self {
        let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_else(|_unknown| String::new());
        Self {
            name: values(&info, "model name").next().map(str::to_owned),
            architecture: std::env::consts::ARCH,
            features: processor_instructions(),
            cores: cores(&info),
            threads: thread::available_parallelism().map_or(1, NonZeroUsize::get),
        }
    }
}

fn values<'a>(info: &'a str, key: &str) -> impl Iterator<Item = &'a str> {
    info.lines().filter_map(move |line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == key).then(|| value.trim())
    })
}

/// Threads of one core share both numbers.
fn cores(info: &str) -> Option<usize> {
    let packages = values(info, "physical id");
    let cores: BTreeSet<_> = packages.zip(values(info, "core id")).collect();
    (!cores.is_empty()).then_some(cores.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_of_one_core_are_one_core() {
        let thread = |package, core| {
            format!("model name\t: A\nphysical id\t: {package}\ncore id\t\t: {core}\n\n")
        };
        let info = [thread(0, 0), thread(0, 1), thread(0, 0), thread(1, 0)].concat();
        assert_eq!(cores(&info), Some(3));
        assert_eq!(values(&info, "model name").next(), Some("A"));
        assert_eq!(cores(""), None);
    }
}
