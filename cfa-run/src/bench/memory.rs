//! How much memory the process has taken.

use std::fs;

/// The largest resident size so far; `None` where the system does not tell.
pub(super) fn peak_bytes() -> Option<u64> {
    peak_in(&fs::read_to_string("/proc/self/status").ok()?)
}

/// Linux writes a line `VmHWM:     12345 kB`, in units of 1024 bytes.
fn peak_in(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::peak_in;

    #[test]
    fn the_peak_is_found_or_unknown() {
        let status = "Name:\tcfa-run\nVmPeak:\t  9 kB\nVmHWM:\t    1234 kB\n";
        assert_eq!(peak_in(status), Some(1234 * 1024));
        for unknown in ["", "VmHWM: many kB", "VmHWM: 12 MB", "VmRSS:\t 1 kB"] {
            assert_eq!(peak_in(unknown), None, "{unknown}");
        }
    }
}
