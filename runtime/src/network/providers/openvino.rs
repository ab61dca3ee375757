//! OpenVINO: Intel's processors, GPUs and NPUs, and other x86-64 processors.

use ort::ep::ExecutionProvider as _;
use ort::ep::{self, ArbitrarilyConfigurableExecutionProvider, ExecutionProviderDispatch};

use super::execution_provider::{ExecutionProvider, Kind, NetworkTask, Plugin, Registration};
use super::precision::Precision;
use crate::cores::CoreAffinity;
use crate::network::refusal_reason::RefusalReason;

pub(super) const OPENVINO: ExecutionProvider = ExecutionProvider {
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
const CPU_PREFERENCE: &str = r#""EXECUTION_MODE_HINT":"PERFORMANCE""#;

/// By default OpenVINO binds its threads to cores.
const UNPINNED: &str = r#""ENABLE_CPU_PINNING":"NO""#;

fn register<'a>(task: NetworkTask<'a>, device: &'a str) -> Result<Registration<'a>, RefusalReason> {
    Ok(Registration {
        settings: settings(task, device)?,
        open: Box::new(move |builder, _cancellation| task.open(builder)),
    })
}

/// Where fewer bits are allowed, the device computes in the precision that it prefers, otherwise
/// in `f32`. Both are set explicitly, because OpenVINO's own default is the former.
fn settings(
    task: NetworkTask<'_>,
    device: &str,
) -> Result<ExecutionProviderDispatch, RefusalReason> {
    let kind = device_kind(device)?;
    let precision = match (kind, task.reduced) {
        (DeviceKind::Npu, false) => {
            return Err(RefusalReason::ReducedOnly {
                device: device.to_owned(),
            });
        }
        (DeviceKind::Cpu | DeviceKind::Gpu, false) => "FP32",
        (DeviceKind::Gpu | DeviceKind::Npu, true) => "FP16",
        (DeviceKind::Cpu, true) => "ACCURACY",
    };
    let provider = ep::OpenVINO::default()
        .with_device_type(device)
        .with_num_threads(task.threads)
        .with_num_streams(1)
        .with_precision(precision);
    let provider = match (kind, cpu_config(task)) {
        (DeviceKind::Cpu, Some(config)) => provider.with_arbitrary_config("load_config", config),
        _ => provider,
    };
    Ok(provider.build())
}

/// Further properties of the processor; `None` where the defaults are right.
fn cpu_config(task: NetworkTask<'_>) -> Option<String> {
    let preference = task.reduced.then_some(CPU_PREFERENCE);
    let unpinned = (task.core_affinity == CoreAffinity::Untouched).then_some(UNPINNED);
    let properties: Vec<&str> = preference.into_iter().chain(unpinned).collect();
    let properties = properties.join(",");
    (!properties.is_empty()).then(|| format!(r#"{{"CPU":{{{properties}}}}}"#))
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
    use std::path::Path;

    use super::*;
    use crate::container::NetworkFile;
    use crate::network::warnings::Warnings;

    fn checked(device: &str, reduced: bool) -> Result<(), RefusalReason> {
        let (network, warnings) = (Vec::new().into(), Warnings::default());
        settings(task(&network, &warnings, reduced), device).map(drop)
    }

    fn task<'a>(
        network: &'a NetworkFile,
        warnings: &'a Warnings,
        reduced: bool,
    ) -> NetworkTask<'a> {
        NetworkTask {
            network,
            input_shape: [3, 8, 8],
            threads: 1,
            core_affinity: CoreAffinity::default(),
            reduced,
            cache_folder: None,
            library: Path::new("libonnxruntime.so"),
            library_file: None,
            warnings,
        }
    }

    #[test]
    fn properties_of_the_processor_are_json() {
        let (network, warnings) = (Vec::new().into(), Warnings::default());
        let with = |core_affinity, reduced| {
            let task = task(&network, &warnings, reduced);
            cpu_config(NetworkTask {
                core_affinity,
                ..task
            })
        };
        assert_eq!(with(CoreAffinity::Managed, false), None);
        for (affinity, reduced) in [
            (CoreAffinity::Managed, true),
            (CoreAffinity::Untouched, false),
            (CoreAffinity::Untouched, true),
        ] {
            let config = with(affinity, reduced).unwrap();
            let config: serde_json::Value = serde_json::from_str(&config).unwrap();
            let has = |name: &str| config["CPU"].get(name).is_some();
            assert_eq!(has("EXECUTION_MODE_HINT"), reduced);
            assert_eq!(
                has("ENABLE_CPU_PINNING"),
                affinity == CoreAffinity::Untouched
            );
        }
    }

    #[test]
    fn only_devices_that_compute_themselves_are_accepted() {
        for device in ["CPU", "GPU", "GPU.1", "NPU"] {
            assert!(checked(device, true).is_ok(), "{device}");
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
            let refused = checked(device, true).err().unwrap();
            assert!(matches!(refused, RefusalReason::Device { .. }), "{device}");
        }
    }

    #[test]
    fn an_npu_computes_only_where_fewer_bits_are_allowed() {
        let refused = checked("NPU", false).err().unwrap();
        assert!(matches!(refused, RefusalReason::ReducedOnly { .. }));
    }
}
