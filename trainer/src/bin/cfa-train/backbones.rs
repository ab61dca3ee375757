//! `cfa-train backbones`.

use std::io::{self, Write};

use anyhow::Context;
use cfa_train::backbone::{Backbone, PublishedWeights, Tap, TapActivation};
use clap::Args;
use serde::Serialize;

use crate::progress::print_json;

/// Side of the picture that the work is counted for, pixels.
const SIDE: usize = 224;
/// A multiplication and an addition.
const FLOP_PER_MULTIPLY_ADD: f64 = 2.0;

#[derive(Args)]
pub(crate) struct BackbonesArguments {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// What is shown of a backbone.
#[derive(Serialize)]
struct Listed {
    name: &'static str,
    taps: [Tap; 3],
    /// D at --gamma-d 1.
    descriptor_channels: usize,
    /// Up to the last tap, for 224×224 pixels.
    gflop: f64,
    /// Up to the last tap.
    parameters: usize,
    weights: &'static PublishedWeights,
}

impl Listed {
    fn new(backbone: Backbone) -> anyhow::Result<Self> {
        let graph = backbone.graph(TapActivation::Relu);
        let work = graph.multiply_adds(SIDE, SIDE);
        let work = work.context("internal error: 224 px are too few for a backbone")? as f64;
        let descriptor = backbone.descriptor_shape(1);
        let descriptor = descriptor.context("internal error: a backbone has no channels")?;
        Ok(Self {
            name: backbone.name(),
            taps: backbone.taps(),
            descriptor_channels: descriptor.outputs,
            gflop: FLOP_PER_MULTIPLY_ADD * work / 1e9,
            parameters: graph.learned_values(),
            weights: backbone.published_weights(),
        })
    }

    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let millions = self.parameters as f64 / 1e6;
        writeln!(
            out,
            "{:<19} {:>6} {:>6.2} {millions:>7.2}  {}",
            self.name,
            self.descriptor_channels,
            self.gflop,
            self.taps
                .map(|t| format!("{} {}@{}", t.layer, t.channels, t.stride))
                .join(", ")
        )?;
        for source in self.sources() {
            writeln!(out, "{:43}{source}", "")?;
        }
        Ok(())
    }

    fn sources(&self) -> Vec<String> {
        let PublishedWeights {
            torchvision,
            hub,
            pip,
            ..
        } = self.weights;
        let torchvision = torchvision.iter().map(ToString::to_string);
        let hub = [format!("hub: {hub}")];
        let pip = pip.map(|p| format!("pip: {} {}", p.package, p.version));
        torchvision.chain(hub).chain(pip).collect()
    }
}

/// Prints each backbone, and below it the weights that fit.
pub(crate) fn list(arguments: &BackbonesArguments) -> anyhow::Result<()> {
    let listed = Backbone::ALL.into_iter().map(Listed::new);
    let listed = listed.collect::<anyhow::Result<Vec<_>>>()?;
    if arguments.json {
        listed.iter().for_each(print_json);
        return Ok(());
    }
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{:<19} {:>6} {:>6} {:>7}  feature maps (layer channels@stride), then weights that fit",
        "name", "D", "GFLOP", "M par."
    )?;
    for backbone in &listed {
        backbone.print(&mut out)?;
    }
    Ok(())
}
