//! Providers that are not there, and `cfa-run check`, with an ONNX Runtime for the
//! processor alone.

use std::path::PathBuf;
use std::process::Command;

use cfa_runtime::network::{NetworkError, RefusalReason};
use cfa_runtime::{
    Inspector, InspectorOptions, Model, Precision, Provider, ProviderChoice, ProviderOptions,
};
use serde_json::Value;

use crate::harness::{Folder, Run, cfa_run, onnx_runtime, predict, program, tiny_bundle};

const ABSENT: [(Provider, &str); 3] = [
    (Provider::OpenVino, "setup --openvino"),
    (Provider::Cuda, "setup --cuda"),
    (Provider::TensorRt, "TensorRT 10"),
];

fn picture(folder: &Folder) -> PathBuf {
    folder.draw("disc.png", 90, 70, 1)
}

fn inspector(provider: ProviderOptions) -> Result<Inspector, NetworkError> {
    let model = Model::open(&tiny_bundle()).unwrap();
    let options = InspectorOptions {
        provider,
        threads: Some(1),
        ..InspectorOptions::default()
    };
    Inspector::new(&model, &onnx_runtime(), &options).map_err(|error| match error {
        cfa_runtime::inspector::OpenError::Network(error) => error,
        other => panic!("{other}"),
    })
}

#[test]
fn a_provider_that_is_not_there_is_an_error_that_says_what_to_install() {
    let folder = Folder::new();
    let picture = picture(&folder);
    for (provider, install) in ABSENT {
        let arguments = ["--provider", provider.name(), picture.to_str().unwrap()];
        let words = [
            provider.name(),
            "libonnxruntime",
            "built without it",
            install,
        ];
        predict(arguments).refused(&words);
        let bundle = tiny_bundle();
        let verify = [
            "verify",
            bundle.to_str().unwrap(),
            "--provider",
            provider.name(),
        ];
        cfa_run(verify).refused(&words);
    }
}

#[test]
fn the_library_names_who_refused_and_why() {
    for (provider, _) in ABSENT {
        let error = inspector(provider.into()).unwrap_err();
        let NetworkError::Provider {
            provider: asked,
            reason,
        } = error
        else {
            panic!("{error}")
        };
        assert_eq!(asked, provider);
        assert!(
            matches!(reason, RefusalReason::NotInLibrary { .. }),
            "{reason}"
        );
    }
}

#[test]
fn an_allowed_fallback_says_cpu_in_every_result() {
    let folder = Folder::new();
    let picture = picture(&folder);
    let path = picture.to_str().unwrap();
    let expected = predict(["--json", path]).fine();
    for (provider, install) in ABSENT {
        let run = predict([
            "--json",
            "--provider",
            provider.name(),
            "--allow-fallback",
            path,
        ]);
        assert_eq!(run.code(), Some(0));
        let warning = run.stderr();
        assert!(warning.contains("cpu computes in place of"), "{warning}");
        assert!(warning.contains(install), "{warning}");
        let lines = run.json_lines();
        assert_eq!(lines[0]["provider"], "cpu");
        assert_eq!(lines[0]["score"], expected[0]["score"]);
        let table = predict(["--provider", provider.name(), "--allow-fallback", path]).stdout();
        let row = table.lines().last().unwrap();
        assert!(row.ends_with("  cpu"), "{table}");

        let mut inspector = inspector(ProviderOptions {
            allow_fallback: true,
            allow_reduced_precision: true,
            ..provider.into()
        })
        .unwrap();
        let inspection = inspector.inspect_path(&picture).unwrap();
        assert_eq!(
            (inspection.provider, inspection.precision),
            (Provider::Cpu, Precision::F32)
        );
        assert_eq!(
            (inspector.provider(), inspector.device()),
            (Provider::Cpu, None)
        );
        let refused: Vec<Provider> = inspector.refusals().iter().map(|r| r.provider).collect();
        assert_eq!(refused, [provider]);
    }
}

#[test]
fn auto_takes_the_processor_where_nothing_else_is() {
    let inspector = inspector(ProviderChoice::Auto.into()).unwrap();
    assert_eq!(inspector.provider(), Provider::Cpu);
    let refused: Vec<Provider> = inspector.refusals().iter().map(|r| r.provider).collect();
    assert_eq!(refused, [Provider::Cuda, Provider::OpenVino]);
    let folder = Folder::new();
    let lines = predict([
        "--json",
        "--provider",
        "auto",
        picture(&folder).to_str().unwrap(),
    ])
    .fine();
    assert_eq!(lines[0]["provider"], "cpu");
}

#[test]
fn a_device_needs_a_provider_that_has_devices() {
    let folder = Folder::new();
    let picture = picture(&folder);
    for provider in ["cpu", "auto"] {
        let arguments = [
            "--provider",
            provider,
            "--device",
            "GPU",
            picture.to_str().unwrap(),
        ];
        predict(arguments).refused(&["GPU", "openvino, cuda or tensorrt"]);
    }
}

#[test]
fn verify_names_who_computed() {
    let bundle = tiny_bundle();
    let bundle = bundle.to_str().unwrap();
    let lines = cfa_run(["verify", bundle, "--json"]).fine();
    assert!(lines.iter().all(|line| line["provider"] == "cpu"));
    let text = cfa_run(["verify", bundle]).stdout();
    assert!(text.lines().all(|line| line.contains("(cpu)")), "{text}");
}

fn check(arguments: &[&str]) -> Run {
    Run::finished(&mut check_command(arguments))
}

fn check_command(arguments: &[&str]) -> Command {
    let mut command = program();
    command.arg("check").args(arguments);
    command.env("XDG_CACHE_HOME", std::env::temp_dir());
    command
}

fn report(run: &Run) -> Value {
    serde_json::from_str(&run.stdout()).unwrap()
}

#[test]
fn check_prints_the_machine_and_what_is_missing() {
    let run = check(&["--json"]);
    assert_eq!((run.code(), run.stderr().as_str()), (Some(0), ""));
    let report = report(&run);
    assert!(report["processor"]["threads"].as_u64().unwrap() >= 1);
    let library = &report["libraries"][0];
    assert!(library["version"].as_str().unwrap().starts_with("1."));
    let cpu = &library["providers"][0];
    assert_eq!(
        (&cpu["provider"], &cpu["usable"], &cpu["precision"]),
        (&"cpu".into(), &true.into(), &"f32".into())
    );
    assert_eq!(report["usable"][0], "cpu");
    let listed = |key: &str| {
        let all = report[key].as_array().unwrap().iter();
        all.map(|one| {
            one.get("provider")
                .unwrap_or(one)
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect::<Vec<_>>()
    };
    // Whatever this machine has: each provider is usable or missing.
    let mut all = listed("usable");
    all.extend(listed("missing"));
    all.sort_unstable();
    assert_eq!(all, ["cpu", "cuda", "openvino", "tensorrt"]);
    let text = check(&[]).stdout();
    for words in [
        "processor",
        "threads",
        "ONNX Runtime 1.",
        "usable, computes in f32",
        "Caches",
    ] {
        assert!(text.contains(words), "{words:?} is not in: {text}");
    }
}

#[test]
fn check_fails_without_the_provider_asked_for() {
    let folder = Folder::new();
    let picture = picture(&folder);
    // Whatever else is found on this machine, the library that is named has the processor alone.
    for (provider, _) in ABSENT {
        let provider = provider.name();
        let run = check(&["--provider", provider, "--json"]);
        assert_eq!(run.code(), Some(2));
        predict(["--provider", provider, picture.to_str().unwrap()]).refused(&[provider]);
        let with_another = report(&run)["usable"]
            .as_array()
            .unwrap()
            .contains(&provider.into());
        let told = run.stderr().contains("--onnxruntime");
        assert_eq!(told, with_another, "{}", run.stderr());
        let unread = Run::unread(&mut check_command(&["--provider", provider]));
        assert_eq!(unread.code(), run.code());
    }
    assert_eq!(check(&["--provider", "auto"]).code(), Some(0));
}

#[test]
fn check_tells_what_is_wrong_with_a_library() {
    let run = check(&["--onnxruntime", "/no/such/libonnxruntime.so", "--json"]);
    let report = report(&run);
    let library = &report["libraries"][0];
    assert_eq!(library["version"], Value::Null);
    let error = library["error"].as_str().unwrap();
    assert!(error.contains("/no/such/libonnxruntime.so"), "{error}");
    // Others may have been found beside it, and are not what would be loaded.
    assert_eq!(run.code(), Some(2));
}
