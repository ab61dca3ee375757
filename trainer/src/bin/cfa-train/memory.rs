//! What this machine has of memory, and what this process took of it.

use sysinfo::System;

/// Bytes that the process may take before others suffer: what the system calls
/// available, or what the process's group has left.
pub(crate) fn available() -> u64 {
    let mut system = System::new();
    system.refresh_memory();
    let group = system.cgroup_limits();
    let left = group.map(|group| group.total_memory.saturating_sub(group.rss));
    let available = system.available_memory();
    left.map_or(available, |left| left.min(available))
}

/// The most bytes that this process has had at once; `None` where the system does not
/// tell.
pub(crate) fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
