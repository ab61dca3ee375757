//! OpenVINO's settings.

use ort::ep::{ArbitrarilyConfigurableExecutionProvider, ExecutionProviderDispatch, OpenVINO};

use super::RefusalReason;

/// Together with the precision `ACCURACY`, which alone would be `f32`, this is OpenVINO's
/// own default on the processor: `bf16` where the processor has it. The precision cannot
/// simply be left out, because that of ONNX Runtime is `f32`.
const CPU_PREFERENCE: &str = r#"{"CPU":{"EXECUTION_MODE_HINT":"PERFORMANCE"}}"#;

pub(super) const DEFAULT_DEVICE: &str = "CPU";

/// With `reduced` the device computes in what it prefers, else in `f32`, which is said
/// aloud because OpenVINO's own default is the former.
pub(super) fn settings(
    device: &str,
    threads: usize,
    reduced: bool,
) -> Result<ExecutionProviderDispatch, RefusalReason> {
    let kind = kind(device)?;
    let provider = OpenVINO::default()
        .with_device_type(device)
        .with_num_threads(threads)
        .with_num_streams(1);
    let provider = match (kind, reduced) {
        (Kind::Npu, false) => {
            return Err(RefusalReason::ReducedOnly {
                device: device.to_owned(),
            });
        }
        (Kind::Cpu | Kind::Gpu, false) => provider.with_precision("FP32"),
        (Kind::Gpu | Kind::Npu, true) => provider.with_precision("FP16"),
        (Kind::Cpu, true) => provider
            .with_precision("ACCURACY")
            .with_arbitrary_config("load_config", CPU_PREFERENCE),
    };
    Ok(provider.build())
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Cpu,
    Gpu,
    Npu,
}

/// OpenVINO's devices that choose among others (`AUTO`, `HETERO`, `MULTI`) would leave open
/// who computes.
fn kind(device: &str) -> Result<Kind, RefusalReason> {
    let (kind, number) = device.split_once('.').unwrap_or((device, "0"));
    let counted = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    match kind {
        "CPU" if device == kind => Ok(Kind::Cpu),
        "GPU" if counted => Ok(Kind::Gpu),
        "NPU" if counted => Ok(Kind::Npu),
        _ => Err(RefusalReason::Device {
            device: device.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]
    use super::*;

    #[test]
    fn only_devices_that_compute_themselves_are_taken() {
        for device in ["CPU", "GPU", "GPU.1", "NPU"] {
            assert!(settings(device, 1, true).is_ok(), "{device}");
        }
        for device in [
            "",
            "cpu",
            "CPU.0",
            "AUTO:GPU,CPU",
            "HETERO:NPU,CPU",
            "GPU.",
            "GPU.x",
            "0",
        ] {
            let refused = settings(device, 1, true).err().unwrap();
            assert!(matches!(refused, RefusalReason::Device { .. }), "{device}");
        }
    }

    #[test]
    fn an_npu_needs_leave_to_compute_in_fewer_bits() {
        let refused = settings("NPU", 1, false).err().unwrap();
        assert!(matches!(refused, RefusalReason::ReducedOnly { .. }));
    }
}
