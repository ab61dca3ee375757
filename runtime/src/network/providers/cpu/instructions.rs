//! The instructions of the processor.

/// Instructions of this processor that speed up networks, as the processor names them.
#[must_use]
#[cfg(target_arch = "x86_64")]
pub fn processor_instructions() -> Vec<&'static str> {
    macro_rules! known {
        ($($name:tt),*) => {
            [$(($name, std::arch::is_x86_feature_detected!($name))),*]
        };
    }
    let known = known!(
        "sse4.1",
        "sse4.2",
        "avx",
        "f16c",
        "avx2",
        "fma",
        "avxvnni",
        "avx512f",
        "avx512bw",
        "avx512dq",
        "avx512vl",
        "avx512vnni",
        "avx512bf16",
        "avx512fp16"
    );
    let there = known.into_iter().filter(|(_, found)| *found);
    there.map(|(name, _)| name).collect()
}

/// Instructions of this processor that speed up networks, as the processor names them.
#[must_use]
#[cfg(target_arch = "aarch64")]
pub fn processor_instructions() -> Vec<&'static str> {
    macro_rules! known {
        ($($name:tt),*) => {
            [$(($name, std::arch::is_aarch64_feature_detected!($name))),*]
        };
    }
    let known = known!("neon", "dotprod", "fp16", "bf16", "i8mm", "sve");
    let there = known.into_iter().filter(|(_, found)| *found);
    there.map(|(name, _)| name).collect()
}

/// Instructions of this processor that speed up networks, as the processor names them.
#[must_use]
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub fn processor_instructions() -> Vec<&'static str> {
    Vec::new()
}
