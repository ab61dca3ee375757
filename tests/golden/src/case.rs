//! One case: its network, its pictures, and what the reference made of them.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use cfa_runtime::Cancellation;
use cfa_runtime::network::OnnxRuntime;
use cfa_train::backbone::Backbone;
use cfa_train::cfa::descriptor::{Descriptor, DescriptorShape};
use cfa_train::network::{Parameters, TorchNetwork};
use cfa_train::{cfa::memory_bank, tensor};
use tch::{Device, Tensor, no_grad};

use crate::archive::{Archive, Golden};
use crate::manifest::{CaseSettings, Manifest};
use crate::reference::Reference;
use crate::report::Report;
use crate::{inference, training, weights};

/// ImageNet's mean and deviation, as the manifest states the normalisation.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const STD: [f32; 3] = [0.229, 0.224, 0.225];

/// Golden README: as φ, relative to the reference's maximum.
const BANK: f64 = 2e-5;

/// Pooled maps of some pictures.
pub(crate) type Pooled = [Tensor; 3];

pub(crate) struct Case<'a> {
    pub(crate) name: &'a str,
    pub(crate) settings: &'a CaseSettings,
    pub(crate) backbone: Backbone,
    pub(crate) parameters: Parameters,
    pub(crate) shape: DescriptorShape,
    pub(crate) archive: Archive,
    /// Whose tensors are compared with at the moment.
    pub(crate) reference: Reference,
    descriptor: (Vec<f32>, Vec<f32>),
    /// P×D, before k-means.
    mean_rows: Option<Vec<f32>>,
}

impl<'a> Case<'a> {
    /// Loads a case, or says why it cannot be run.
    pub(crate) fn load(
        dir: &Path,
        name: &'a str,
        settings: &'a CaseSettings,
        manifest: &Manifest,
    ) -> Result<Result<Self, String>> {
        let file = dir.join(format!("case_{name}.safetensors"));
        if !file.exists() {
            return Ok(Err("the folder does not hold the case's tensors".to_owned()));
        }
        let backbone: Backbone = match settings.backbone.parse() {
            Ok(backbone) => backbone,
            Err(unknown) => return Ok(Err(format!("{unknown}"))),
        };
        let Some(parameters) = weights::backbone(dir, backbone, manifest.seed)? else {
            return Ok(Err(format!("the folder holds no weights of {backbone}")));
        };
        let shape = (backbone.descriptor_shape(settings.gamma_d)).context("gamma_d")?;
        let archive = Archive::read(&file)?;
        let other = settings.descriptor_weights_and_mean_map_in.as_ref();
        let other = other
            .map(|other| Archive::read(&dir.join(format!("case_{other}.safetensors"))))
            .transpose()?;
        let holder = other.as_ref().unwrap_or(&archive);
        let descriptor = match (
            holder.find("descriptor.weight"),
            holder.find("descriptor.bias"),
        ) {
            (Some(weight), Some(bias)) => (weight.values.clone(), bias.values.clone()),
            _ => weights::descriptor(backbone, &shape, settings.gamma_d, manifest.seed),
        };
        let mean_rows = mean_rows(&archive, other.as_ref());
        Ok(Ok(Self {
            name,
            settings,
            backbone,
            parameters,
            shape,
            archive,
            reference: Reference::Anomalib,
            descriptor,
            mean_rows,
        }))
    }

    pub(crate) fn run(
        mut self,
        onnxruntime: Option<&OnnxRuntime>,
        report: &mut Report<'_>,
    ) -> Result<()> {
        for reference in Reference::ALL {
            self.reference = reference;
            if self.stored("memory_bank").is_none() {
                let quantity = format!("{}/*", reference.prefix());
                report.skip(self.name, &quantity, "the case holds no tensors of it");
                continue;
            }
            self.run_reference(onnxruntime, report)?;
        }
        Ok(())
    }

    fn run_reference(
        &self,
        onnxruntime: Option<&OnnxRuntime>,
        report: &mut Report<'_>,
    ) -> Result<()> {
        let train = self.pooled("train_u8")?;
        let descriptor = self.descriptor()?;
        let bank = self.memory_bank(&descriptor, &train, report)?;
        inference::run(self, &descriptor, &bank, onnxruntime, report)?;
        training::run(self, &bank, &train, report)
    }

    /// A tensor of the reference.
    pub(crate) fn stored(&self, name: &str) -> Option<&Golden> {
        self.archive
            .find(&format!("{}/{name}", self.reference.prefix()))
    }

    /// Compares with the reference's tensor `name`, where it was dumped.
    pub(crate) fn compare(
        &self,
        name: &str,
        quantity: &str,
        ours: &Tensor,
        tolerance: f64,
        report: &mut Report<'_>,
    ) -> Result<()> {
        if let Some(golden) = self.stored(name) {
            let (quantity, ours) = (self.reference.label(quantity), tensor::host_values(ours)?);
            report.compare(self.name, &quantity, &ours, &golden.values, tolerance);
        }
        Ok(())
    }

    pub(crate) fn descriptor(&self) -> Result<Descriptor> {
        let (weight, bias) = &self.descriptor;
        Ok(Descriptor::from_values(
            self.shape,
            weight,
            bias,
            Device::Cpu,
        )?)
    }

    /// Network input of stored pictures: (u8/255 − mean)/std.
    pub(crate) fn input(&self, name: &str) -> Result<Tensor> {
        let pictures = self.archive.tensor(name)?;
        ensure!(pictures.shape.len() == 4, "{name} has not four dimensions");
        let plane = pictures.shape[2] * pictures.shape[3];
        let values: Vec<f32> = (pictures.values.iter().enumerate())
            .map(|(i, v)| {
                let channel = i / plane % 3;
                (v / 255.0 - MEAN[channel]) / STD[channel]
            })
            .collect();
        Ok(tensor::from_values(&values, &pictures.shape)?)
    }

    /// The three feature maps before pooling.
    pub(crate) fn features(&self, input: &Tensor) -> Result<Vec<Tensor>> {
        let graph = self.backbone.graph(self.reference.tap_activation());
        let network = TorchNetwork::new(graph, &self.parameters, Device::Cpu)?;
        Ok(no_grad(|| network.forward(std::slice::from_ref(input)))?)
    }

    /// Pooled maps of stored pictures, by the trainer's own graph.
    pub(crate) fn pooled(&self, name: &str) -> Result<Pooled> {
        let graph = self.backbone.pooled_graph(self.reference.tap_activation());
        let network = TorchNetwork::new(graph, &self.parameters, Device::Cpu)?;
        let maps = no_grad(|| {
            network
                .forward(&[self.input(name)?])
                .map_err(anyhow::Error::from)
        })?;
        maps.try_into()
            .map_err(|_| anyhow::anyhow!("the backbone has not three taps"))
    }

    /// The bank (M×D) that the following quantities are computed with: ours, built
    /// by the reference's batch rule, or the dumped one after k-means.
    fn memory_bank(
        &self,
        descriptor: &Descriptor,
        train: &Pooled,
        report: &mut Report<'_>,
    ) -> Result<Tensor> {
        let golden = self.stored("memory_bank").context("memory_bank")?;
        let dumped = tensor::from_values(&golden.values, &golden.shape)?
            .f_transpose(0, 1)?
            .f_contiguous()?;
        let phi = no_grad(|| descriptor.forward(train))?;
        let rows = self.batch_weighted_rows(&phi)?;
        let mut compare = |quantity: &str, reference: &[f32]| -> Result<()> {
            let (quantity, ours) = (self.reference.label(quantity), tensor::host_values(&rows)?);
            report.compare(self.name, &quantity, &ours, reference, BANK);
            Ok(())
        };
        if self.settings.gamma_c == 1 {
            let quantity = "memory bank [reference's rule: batches weigh alike]";
            compare(quantity, &tensor::host_values(&dumped)?)?;
            return Ok(rows);
        }
        match &self.mean_rows {
            Some(mean) if self.reference == Reference::Anomalib => {
                compare("mean features before k-means", mean)?;
            }
            _ => {}
        }
        self.compare_inertia(&dumped, &rows, report)?;
        Ok(dumped)
    }

    /// Mean over the batches' means (METHOD.md, difference 10); ours weighs images instead.
    fn batch_weighted_rows(&self, phi: &Tensor) -> Result<Tensor> {
        let mut means = memory_bank::MeanFeatures::default();
        let mut first = 0;
        for &count in &self.settings.train_batches {
            let mut batch = memory_bank::MeanFeatures::default();
            batch.add(&phi.f_narrow(0, first, count as i64)?)?;
            let (d, h, w) = (phi.size()[1], phi.size()[2], phi.size()[3]);
            means.add(&batch.rows()?.f_transpose(0, 1)?.f_reshape([1, d, h, w])?)?;
            first += count as i64;
        }
        Ok(means.rows()?)
    }

    /// k-means finds other centres from other starts; ours must be as tight.
    fn compare_inertia(
        &self,
        theirs: &Tensor,
        rows: &Tensor,
        report: &mut Report<'_>,
    ) -> Result<()> {
        let mut rng = <rand_chacha::ChaCha8Rng as rand::SeedableRng>::seed_from_u64(0);
        let (gamma_c, go_on) = (self.settings.gamma_c, Cancellation::new());
        let ours = memory_bank::compress(rows, gamma_c, &mut rng, &go_on, &mut |_done| ())?;
        let excess = inertia(rows, &ours)? / inertia(rows, theirs)? - 1.0;
        let who = self.reference.prefix();
        let quantity = format!("k-means: excess of inertia over {who}'s");
        let tolerance = self.reference.inertia_tolerance();
        // A NaN must stay one, which `max` would not let it.
        let excess = excess.clamp(0.0, f64::INFINITY);
        report.error(self.name, &quantity, excess, tolerance);
        Ok(())
    }
}

/// Mean features (P×D) of a case with k-means: its own, or the bank (D×P) of the case
/// that it was clustered from.
fn mean_rows(archive: &Archive, other: Option<&Archive>) -> Option<Vec<f32>> {
    let own = archive
        .find("anomalib/mean_map")
        .or_else(|| archive.find("mean_map"));
    let transposed = |bank: &Golden| {
        let (channels, positions) = (bank.shape[0], bank.shape[1]);
        let at = |p: usize| (0..channels).map(move |c| bank.values[c * positions + p]);
        (0..positions).flat_map(at).collect()
    };
    let from_other = || other?.find("anomalib/memory_bank").map(transposed);
    own.map(|rows| rows.values.clone()).or_else(from_other)
}

/// Sum of squared distances of the rows to their nearest centres.
fn inertia(rows: &Tensor, centers: &Tensor) -> Result<f64> {
    let batch = rows.f_unsqueeze(0)?;
    let (squared, _) = cfa_train::cfa::neighbors::smallest_squared_distances(&batch, centers, 1)?;
    Ok(squared.f_sum(tch::Kind::Double)?.f_double_value(&[])?)
}
