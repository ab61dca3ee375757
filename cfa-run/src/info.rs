//! `cfa-run info`: the settings of a bundle.

use std::io::{self, Write, stdout};

use anyhow::Result;
use cfa_runtime::Bundle;
use cfa_runtime::bundle::Manifest;
use cfa_runtime::calibration::{Basis, DecisionRule, F1MaxThreshold};
use cfa_runtime::preprocess::Preprocessing;

use crate::model::ModelArgs;
use crate::{Outcome, printed};

/// Arguments of `cfa-run info`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// Print the whole manifest as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let bundle = Bundle::open(args.model.path()?)?;
    printed(if args.json {
        let manifest = serde_json::to_string_pretty(&bundle.manifest())?;
        writeln!(stdout(), "{manifest}")
    } else {
        print_facts(&bundle)
    })?;
    Ok(Outcome::Fine)
}

fn print_facts(bundle: &Bundle) -> io::Result<()> {
    let mut out = stdout().lock();
    for (name, value) in facts(bundle.manifest()) {
        writeln!(out, "{name:<14}{value}")?;
    }
    writeln!(out, "{:<14}{}", "sha256", bundle.digest_hex())
}

fn facts(manifest: &Manifest) -> Vec<(&'static str, String)> {
    let Manifest {
        preprocessing,
        settings,
        ..
    } = manifest;
    let (descriptor, anomaly_map) = (&settings.descriptor, &settings.anomaly_map);
    let recipe = preprocessing.parts();
    let resize = recipe.resize;
    let crop = recipe.center_crop.map_or("no crop".to_owned(), |crop| {
        format!("centre {}×{}", crop.width, crop.height)
    });
    vec![
        (
            "format",
            format!("{} {}", manifest.format, manifest.format_version),
        ),
        ("made by", manifest.created_by.clone()),
        (
            "picture",
            format!("to {}×{} px, {crop}", resize.width, resize.height),
        ),
        ("orientation", recipe.orientation.name().to_owned()),
        ("white level", white_level(preprocessing)),
        ("backbone", manifest.backbone.name.clone()),
        ("weights", manifest.backbone.weights_file.clone()),
        ("precision", manifest.network_precision.to_string()),
        (
            "descriptors",
            format!(
                "{} channels on {}×{}",
                descriptor.channels, descriptor.feature_width, descriptor.feature_height
            ),
        ),
        (
            "memory bank",
            format!("{} centroids", settings.memory_bank.centroids),
        ),
        ("neighbours", settings.score.neighbors.to_string()),
        (
            "anomaly map",
            format!(
                "{}×{}, blur sigma {}",
                anomaly_map.width, anomaly_map.height, anomaly_map.sigma
            ),
        ),
        (
            "heat map",
            format!(
                "{} to {}",
                manifest.heatmap_range.low, manifest.heatmap_range.high
            ),
        ),
        ("golden", format!("{} samples", manifest.golden.len())),
        (
            "calibration",
            format!("{} good scores", manifest.calibration.good_scores.len()),
        ),
        ("judged by", rule(manifest.calibration.rule)),
        ("highest F1", f1_max(manifest.calibration.f1_max)),
    ]
}

fn white_level(recipe: &Preprocessing) -> String {
    recipe.parts().white_level.map_or(
        "65535, the full range of 16-bit samples".to_owned(),
        |level| format!("{level} of 16-bit samples"),
    )
}

fn f1_max(found: Option<F1MaxThreshold>) -> String {
    found.map_or("not known".to_owned(), |found| {
        format!(
            "{:.4} above {}, over {} good and {} defective pictures",
            found.f1, found.reject_above, found.good, found.defective
        )
    })
}

fn rule(rule: Option<DecisionRule>) -> String {
    let Some(rule) = rule else {
        return "nothing; give predict a threshold".to_owned();
    };
    let basis = match rule.basis {
        Basis::FalseRejectRate { rate } => format!("false-reject rate {rate}"),
        other => other.name().to_owned(),
    };
    format!(
        "{basis}: review above {}, reject above {}",
        rule.review_above, rule.reject_above
    )
}
