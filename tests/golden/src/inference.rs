//! From picture to score, by libtorch, by the runtime's head, and through the
//! exported network.

use anyhow::{Context, Result};
use cfa_runtime::anomaly_map::{Border, GaussianBlur};
use cfa_runtime::head::Head;
use cfa_runtime::memory_bank::MemoryBank;
use cfa_runtime::network::{Network, NetworkOptions, OnnxRuntime, Provider};
use cfa_runtime::preprocess::Size;
use cfa_train::backbone::TapActivation;
use cfa_train::descriptor::{Descriptor, with_descriptor};
use cfa_train::model::AnomalyMapGenerator;
use cfa_train::neighbors::{rows, smallest_squared_distances};
use cfa_train::{onnx, tensor};
use ndarray::{Array3, Array4};
use tch::{Tensor, no_grad};

use crate::archive::Golden;
use crate::case::{Case, Pooled};
use crate::report::Report;

/// Golden README: features 1e-4; φ and d² 2e-5; score and map 1e-4, all relative
/// to the reference's maximum.
const FEATURES: f64 = 1e-4;
const PHI: f64 = 2e-5;
const SQUARED_DISTANCE: f64 = 2e-5;
const SCORE: f64 = 1e-4;

const SIGMA: f32 = 4.0;

pub(crate) fn run(
    case: &Case<'_>,
    descriptor: &Descriptor,
    bank: &Tensor,
    onnxruntime: Option<&OnnxRuntime>,
    report: &mut Report<'_>,
) -> Result<()> {
    let input = case.input("test_u8")?;
    if let Some(golden) = case.archive.find("test_input") {
        let ours = tensor::host_values(&input)?;
        report.compare(case.name, "normalised input", &ours, &golden.values, 1e-6);
    }
    compare_features(case, Reference::Anomalib, &input, report)?;
    let pooled = case.pooled("test_u8")?;
    compare_patch(case, &pooled, report)?;
    let phi = no_grad(|| descriptor.forward(&pooled))?;
    compare_phi(case, Reference::Anomalib, "φ", &phi, report)?;
    compare_official_phi(case, descriptor, &input, report)?;
    compare_distances(case, &phi, bank, report)?;
    compare_scores_of_libtorch(case, &phi, bank, report)?;
    compare_scores_of_runtime(case, "runtime", &phi, bank, report)?;
    match onnxruntime {
        Some(library) => compare_export(case, library, descriptor, &input, bank, report)?,
        None => report.skip(case.name, "exported network", "no ONNX Runtime was given"),
    }
    Ok(())
}

/// Whose tensors are compared with.
#[derive(Clone, Copy)]
enum Reference {
    Anomalib,
    Official,
}

impl Reference {
    fn prefix(self) -> &'static str {
        match self {
            Self::Anomalib => "anomalib",
            Self::Official => "official",
        }
    }

    /// What it does to the tapped maps (DIFFERENCES 1).
    fn activation(self) -> TapActivation {
        match self {
            Self::Anomalib => TapActivation::Relu,
            Self::Official => TapActivation::LeakyRelu,
        }
    }
}

fn compare_features(
    case: &Case<'_>,
    reference: Reference,
    input: &Tensor,
    report: &mut Report<'_>,
) -> Result<()> {
    let maps = case.features(input, reference.activation())?;
    for (i, map) in maps.iter().enumerate() {
        let name = format!("{}/feat{}", reference.prefix(), i + 1);
        if let Some(golden) = case.archive.find(&name) {
            let ours = tensor::host_values(map)?;
            report.compare(case.name, &name, &ours, &golden.values, FEATURES);
        }
    }
    Ok(())
}

/// The official code's path up to φ: LeakyReLU taps.
fn compare_official_phi(
    case: &Case<'_>,
    descriptor: &Descriptor,
    input: &Tensor,
    report: &mut Report<'_>,
) -> Result<()> {
    let official = Reference::Official;
    compare_features(case, official, input, report)?;
    let pooled = case.pooled_behind(official.activation(), "test_u8")?;
    let phi = no_grad(|| descriptor.forward(&pooled))?;
    compare_phi(case, official, "φ, official, LeakyReLU taps", &phi, report)
}

/// Pooled, upsampled and concatenated maps: what the reference forms and our
/// descriptor avoids.
fn compare_patch(case: &Case<'_>, pooled: &Pooled, report: &mut Report<'_>) -> Result<()> {
    let Some(golden) = case.archive.find("anomalib/patch_img0") else {
        return Ok(());
    };
    let (_, _, h, w) = pooled[0].size4()?;
    let mut maps = Vec::new();
    for map in pooled {
        maps.push(
            map.f_narrow(0, 0, 1)?
                .f_upsample_bilinear2d([h, w], false, None, None)?,
        );
    }
    let ours = tensor::host_values(&Tensor::f_cat(&maps, 1)?)?;
    report.compare(case.name, "pooled patches", &ours, &golden.values, FEATURES);
    Ok(())
}

fn compare_phi(
    case: &Case<'_>,
    reference: Reference,
    what: &str,
    phi: &Tensor,
    report: &mut Report<'_>,
) -> Result<()> {
    let stored = |name: &str| case.archive.find(&format!("{}/{name}", reference.prefix()));
    if let Some(golden) = stored("phi") {
        report.compare(
            case.name,
            what,
            &tensor::host_values(phi)?,
            &golden.values,
            PHI,
        );
    }
    let rows_of_first = case.archive.find("rows").zip(stored("phi_rows_img0"));
    if let Some((index, golden)) = rows_of_first {
        let ours = selected_rows(&rows(phi)?.f_get(0)?, index)?;
        report.compare(
            case.name,
            &format!("{what}, some rows"),
            &ours,
            &golden.values,
            PHI,
        );
    }
    Ok(())
}

fn selected_rows(matrix: &Tensor, index: &Golden) -> Result<Vec<f32>> {
    let index: Vec<i64> = index.values.iter().map(|&v| v as i64).collect();
    Ok(tensor::host_values(
        &matrix.f_index_select(0, &Tensor::f_from_slice(&index)?)?,
    )?)
}

fn compare_distances(
    case: &Case<'_>,
    phi: &Tensor,
    bank: &Tensor,
    report: &mut Report<'_>,
) -> Result<()> {
    let patches = rows(phi)?;
    let full = |image: &Tensor| -> Result<Tensor> {
        let squared = image
            .f_unsqueeze(1)?
            .f_sub(&bank.f_unsqueeze(0)?)?
            .f_square()?;
        Ok(squared.f_sum_dim_intlist(2_i64, false, None)?)
    };
    let selected = case
        .archive
        .find("rows")
        .zip(case.archive.find("anomalib/distance_rows_img0"));
    if let Some((index, golden)) = selected {
        let index: Vec<i64> = index.values.iter().map(|&v| v as i64).collect();
        let some = patches
            .f_get(0)?
            .f_index_select(0, &Tensor::f_from_slice(&index)?)?;
        let ours = tensor::host_values(&full(&some)?)?;
        report.compare(
            case.name,
            "d², some rows",
            &ours,
            &golden.values,
            SQUARED_DISTANCE,
        );
    }
    let Some(golden) = case.archive.find("anomalib/topk_sqdist") else {
        return Ok(());
    };
    let count = golden.shape.last().copied().context("topk_sqdist")?;
    let (squared, index) = smallest_squared_distances(&patches, bank, count)?;
    let ours = tensor::host_values(&squared)?;
    report.compare(
        case.name,
        "K+J nearest d², libtorch",
        &ours,
        &golden.values,
        SQUARED_DISTANCE,
    );
    compare_indices(case, &patches, bank, &index, report)?;
    let theirs = runtime_distances(&patches, bank, count)?;
    report.compare(
        case.name,
        "K+J nearest d², runtime",
        &theirs,
        &golden.values,
        SQUARED_DISTANCE,
    );
    Ok(())
}

/// Which entries are nearest; where the order differs the distances must tie.
fn compare_indices(
    case: &Case<'_>,
    patches: &Tensor,
    bank: &Tensor,
    index: &Tensor,
    report: &mut Report<'_>,
) -> Result<()> {
    let Some(golden) = case.archive.find("anomalib/topk_index") else {
        return Ok(());
    };
    let theirs: Vec<i64> = golden.values.iter().map(|&v| v as i64).collect();
    let shape: Vec<i64> = golden.shape.iter().map(|&n| n as i64).collect();
    let theirs = Tensor::f_from_slice(&theirs)?.f_reshape(shape)?;
    let count = golden.shape.last().copied().unwrap_or(0) as i64;
    let distances = |index: &Tensor| -> Result<Vec<f32>> {
        let columns: Result<Vec<_>, tch::TchError> = (0..count)
            .map(|k| cfa_train::neighbors::squared_distance(patches, bank, &index.f_select(2, k)?))
            .collect();
        Ok(tensor::host_values(&Tensor::f_stack(&columns?, 2)?)?)
    };
    let (ours, theirs) = (distances(index)?, distances(&theirs)?);
    report.compare(
        case.name,
        "K+J nearest entries [ties aside]",
        &ours,
        &theirs,
        SQUARED_DISTANCE,
    );
    Ok(())
}

fn runtime_distances(patches: &Tensor, bank: &Tensor, count: usize) -> Result<Vec<f32>> {
    let bank = runtime_bank(bank)?;
    let (images, positions, channels) = patches.size3()?;
    let mut all = Vec::new();
    for image in 0..images {
        let values = tensor::host_values(&patches.f_get(image)?)?;
        let matrix =
            ndarray::Array2::from_shape_vec((positions as usize, channels as usize), values)?;
        all.extend(bank.nearest(&matrix, count)?.squared_distances);
    }
    Ok(all)
}

fn runtime_bank(bank: &Tensor) -> Result<MemoryBank> {
    let (entries, channels) = bank.size2()?;
    let values = tensor::host_values(bank)?;
    let matrix = ndarray::Array2::from_shape_vec((entries as usize, channels as usize), values)?;
    Ok(MemoryBank::new(matrix)?)
}

fn compare_scores_of_libtorch(
    case: &Case<'_>,
    phi: &Tensor,
    bank: &Tensor,
    report: &mut Report<'_>,
) -> Result<()> {
    let (height, width) = map_size(case)?;
    let generator = AnomalyMapGenerator {
        neighbors: case.settings.neighbors,
        map_size: Size { height, width },
        sigma: f64::from(SIGMA),
        border: Border::Mirror,
    };
    let (_, _, height, width) = phi.size4()?;
    let scale = Size {
        height: height as usize,
        width: width as usize,
    };
    let (nearest, _) = smallest_squared_distances(&rows(phi)?, bank, generator.neighbors)?;
    let scored = generator.forward(Some(&nearest), Some(scale))?;
    let quantities = [
        (
            "anomalib/score",
            "patch score, libtorch",
            &scored.patch_scores,
        ),
        (
            "paper/score_clamped",
            "patch score [d² clamped at 0], libtorch",
            &scored.patch_scores,
        ),
        (
            "anomalib/anomaly_map",
            "anomaly map, libtorch",
            &scored.anomaly_map,
        ),
        (
            "anomalib/pred_score",
            "image score, libtorch",
            &scored.image_scores,
        ),
    ];
    for (name, quantity, ours) in quantities {
        if let Some(golden) = case.archive.find(name) {
            report.compare(
                case.name,
                quantity,
                &tensor::host_values(ours)?,
                &golden.values,
                SCORE,
            );
        }
    }
    Ok(())
}

fn map_size(case: &Case<'_>) -> Result<(usize, usize)> {
    let shape = &case.archive.tensor("test_u8")?.shape;
    Ok((shape[2], shape[3]))
}

fn compare_scores_of_runtime(
    case: &Case<'_>,
    who: &str,
    phi: &Tensor,
    bank: &Tensor,
    report: &mut Report<'_>,
) -> Result<()> {
    let (images, channels, h, w) = phi.size4()?;
    let (height, width) = map_size(case)?;
    let head = Head::new(
        runtime_bank(bank)?,
        case.settings.neighbors,
        Size {
            height: h as usize,
            width: w as usize,
        },
        Size { height, width },
        GaussianBlur::new(SIGMA, Border::Mirror)?,
    )?;
    let (mut maps, mut scores) = (Vec::new(), Vec::new());
    for image in 0..images {
        let values = tensor::host_values(&phi.f_get(image)?)?;
        let shape = (channels as usize, h as usize, w as usize);
        let features = Array3::from_shape_vec(shape, values)?;
        let (map, _) = head.anomaly_map(&features)?;
        scores.push(map.max());
        maps.extend(map.values.iter().copied());
    }
    for (name, quantity, ours) in [
        ("anomalib/anomaly_map", "anomaly map", &maps),
        ("anomalib/pred_score", "image score", &scores),
    ] {
        if let Some(golden) = case.archive.find(name) {
            report.compare(
                case.name,
                &format!("{quantity}, {who}"),
                ours,
                &golden.values,
                SCORE,
            );
        }
    }
    Ok(())
}

/// The exported network in ONNX Runtime, then the runtime's head.
fn compare_export(
    case: &Case<'_>,
    library: &OnnxRuntime,
    descriptor: &Descriptor,
    input: &Tensor,
    bank: &Tensor,
    report: &mut Report<'_>,
) -> Result<()> {
    let graph = with_descriptor(
        &case.backbone.pooled_graph(TapActivation::Relu),
        &case.shape,
    );
    let mut parameters = case.parameters.clone();
    parameters.extend(descriptor.values()?);
    let encoded = onnx::encode(&graph, &parameters, map_size(case)?)?;
    let (images, channels, height, width) = input.size4()?;
    let shape = [images, channels, height, width].map(|n| n as usize);
    let features = graph.sizes(shape[2], shape[3]).and_then(|sizes| {
        graph
            .outputs()
            .first()
            .and_then(|output| sizes.get(output.index()).copied())
    });
    let (feature_height, feature_width) = features.context("the network has no output")?;
    let options = NetworkOptions {
        threads: 2,
        provider: Provider::Cpu,
        input_shape: [shape[1], shape[2], shape[3]],
        feature_shape: [case.shape.outputs, feature_height, feature_width],
    };
    let mut network = Network::new(library, &encoded, &options)?;
    let pictures = Array4::from_shape_vec(shape, tensor::host_values(input)?)?;
    let features = network.run(&pictures)?;
    let shape = features.shape().to_vec();
    let values: Vec<f32> = features.into_iter().collect();
    let phi = tensor::from_values(&values, &shape)?;
    compare_phi(
        case,
        Reference::Anomalib,
        "φ, exported network",
        &phi,
        report,
    )?;
    compare_scores_of_runtime(case, "exported network and runtime", &phi, bank, report)
}
