//! OpenVINO: Intel's processors, GPUs and NPUs, and other x86-64 processors.

use ort::ep::ExecutionProvider as _;
use ort::ep::{self, ArbitrarilyConfigurableExecutionProvider, ExecutionProviderDispatch};

use super::execution_provider::{ExecutionProvider, Kind, NetworkTask, Plugin, Registration};
use super::precision::Precision;
use super::refusal_reason::RefusalReason;

pub(super) const OPENVINO: ExecutionProvider = ExecutionProvider {
    name: "openvino",
    needs: "the library of PyPI's onnxruntime-openvino, 1.24.1 or newer, with the files beside it",
    is_asked_by_auto: true,
    compiles: false,
    precision: Precision::F32,
    reduced_precision: Precision::Reduced,
    is_in_library: ep::OpenVINO::is_available,
    kind: Kind::Plugin(Plugin {
        library_folder: "onnxruntime-openvino",
        default_device: "CPU",
        seems_usable: || true,
        register,
    }),
};

/// The devices that there are, for an error message.
const DEVICES: &str = "CPU, GPU or NPU (or GPU.1 and so on)";

/// Together with the precision `ACCURACY`, which alone would be `f32`, this is OpenVINO's
/// own default on the processor: `bf16` where the processor has it. The precision cannot
/// be left out, because ONNX Runtime's default for it is `f32`.
const CPU_PREFERENCE: &str = r#"{"CPU":{"EXECUTION_MODE_HINT":"PERFORMANCE"}}"#;

fn register<'a>(task: NetworkTask<'a>, device: &'a str) -> Result<Registration<'a>, RefusalReason> {
    Ok(Registration {
        settings: settings(device, task.threads, task.reduced)?,
        open: Box::new(move |builder, _cancellation| task.open(builder)),
    })
}

/// With `reduced` the device computes in the precision that it prefers, otherwise in `f32`.
/// Both are set explicitly, because OpenVINO's own default is the former.
fn settings(
    device: &str,
    threads: usize,
    reduced: bool,
) -> Result<ExecutionProviderDispatch, RefusalReason> {
    let kind = device_kind(device)?;
    let provider = ep::OpenVINO::default()
        .with_device_type(device)
        .with_num_threads(threads)
        .with_num_streams(1);
    let provider = match (kind, reduced) {
        (DeviceKind::Npu, false) => {
            return Err(RefusalReason::ReducedOnly {
                device: device.to_owned(),
            });
        }
        (DeviceKind::Cpu | DeviceKind::Gpu, false) => provider.with_precision("FP32"),
        (DeviceKind::Gpu | DeviceKind::Npu, true) => provider.with_precision("FP16"),
        (DeviceKind::Cpu, true) => provider
            .with_precision("ACCURACY")
            .with_arbitrary_config("load_config", CPU_PREFERENCE),
    };
    Ok(provider.build())
}

#[derive(Debug, Clone, Copy)]
enum DeviceKind {
    Cpu,
    Gpu,
    Npu,
}

/// OpenVINO's devices that choose among others (`AUTO`, `HETERO`, `MULTI`) are refused, because
/// it would be unknown which device computes.
fn device_kind(device: &str) -> Result<DeviceKind, RefusalReason> {
    let (kind, number) = device.split_once('.').unwrap_or((device, "0"));
    let counted = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    match kind {
        "CPU" if device == kind => Ok(DeviceKind::Cpu),
        "GPU" if counted => Ok(DeviceKind::Gpu),
        "NPU" if counted => Ok(DeviceKind::Npu),
        _ => Err(RefusalReason::Device {
            device: device.to_owned(),
            devices: DEVICES,
        }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]
    use super::*;

    #[test]
    fn only_devices_that_compute_themselves_are_accepted() {
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
    fn an_npu_computes_only_where_fewer_bits_are_allowed() {
        let refused = settings("NPU", 1, false).err().unwrap();
        assert!(matches!(refused, RefusalReason::ReducedOnly { .. }));
    }
}
