//! `cargo xtask demo`: from nothing to a trained, checked and applied model.

mod programs;
mod summary;
mod verdicts;

use std::{fs, path::PathBuf, time::Instant};

use anyhow::{Context, Result};

use self::programs::Programs;
use crate::{
    checkout::Checkout,
    setup::{self, Extras, Scope},
    step, washers,
};

/// Enough for the drawn washers; for photographs the trainer's default is better.
const EPOCHS: &str = "10";
/// Fixed, so that each run of the demo gives the same model.
const SEED: &str = "1";

/// Runs the whole demo and prints what came out. All of it but the downloads is
/// done again each time; the pictures are kept.
pub(crate) fn run(checkout: &Checkout) -> Result<()> {
    let started = Instant::now();
    setup::setup(checkout, Scope::Everything, Extras::default())?;
    let demo = Demo {
        checkout,
        programs: Programs::build(checkout)?,
        folders: Folders::new(checkout),
    };
    demo.draw()?;
    let training_secs = demo.train()?;
    demo.verify()?;
    let verdicts = demo.inspect()?;
    let figures = demo.evaluate()?;
    eprintln!(
        "  done after {:.0} s in all, {training_secs:.0} s of it training and export\n",
        started.elapsed().as_secs_f32()
    );
    print!("{figures}\n{verdicts}{}", summary::text(&demo));
    Ok(())
}

/// Where the demo's files lie.
struct Folders {
    data: PathBuf,
    predictions: PathBuf,
    bundle: PathBuf,
    report: PathBuf,
}

impl Folders {
    fn new(checkout: &Checkout) -> Self {
        let (drawn, models) = (
            checkout.root().join("target/demo"),
            checkout.root().join("models/demo"),
        );
        Self {
            data: drawn.join("washers"),
            predictions: drawn.join("predictions"),
            bundle: models.join("washers.cfa"),
            report: models.join("report.html"),
        }
    }
}

struct Demo<'a> {
    checkout: &'a Checkout,
    programs: Programs,
    folders: Folders,
}

impl Demo<'_> {
    fn draw(&self) -> Result<()> {
        eprintln!("\n==> Drawing the sample pictures");
        washers::draw(&self.folders.data)
    }

    /// Returns the seconds it took.
    fn train(&self) -> Result<f32> {
        let models = self
            .folders
            .bundle
            .parent()
            .context("the bundle lies in a folder")?;
        fs::create_dir_all(models)
            .with_context(|| format!("cannot create {}", models.display()))?;
        let weights = self
            .checkout
            .native()
            .join("weights/mobilenet_v2-b0353104.pth");
        let mut fit = self.checkout.program(&self.programs.cfa_train);
        fit.arg("fit")
            .arg("--data")
            .arg(&self.folders.data)
            .arg("--weights")
            .arg(weights);
        fit.arg("--out").arg(&self.folders.bundle);
        fit.args([
            "--backbone",
            "mobilenet_v2",
            "--epochs",
            EPOCHS,
            "--seed",
            SEED,
            "--force",
        ]);
        let started = Instant::now();
        step::run("Training on 40 sound washers", &mut fit)?;
        Ok(started.elapsed().as_secs_f32())
    }

    fn verify(&self) -> Result<()> {
        let mut verify = self.checkout.program(&self.programs.cfa_run);
        step::run(
            "Replaying the bundle's recorded samples",
            verify.arg("verify").arg(&self.folders.bundle),
        )
    }

    /// Returns how the washers were judged.
    fn inspect(&self) -> Result<String> {
        let predictions = &self.folders.predictions;
        if predictions.exists() {
            fs::remove_dir_all(predictions)
                .with_context(|| format!("cannot remove {}", predictions.display()))?;
        }
        let mut predict = self.checkout.program(&self.programs.cfa_run);
        predict
            .arg("predict")
            .arg("--model")
            .arg(&self.folders.bundle)
            .arg(self.folders.data.join("test"));
        predict
            .arg("--out")
            .arg(predictions)
            .args(["--save", "heatmap,overlay", "--json"]);
        // 1 says that a picture was rejected, as it should be here.
        let lines = step::capture_accepting("Inspecting the test pictures", &mut predict, &[0, 1])?;
        verdicts::text(&lines)
    }

    /// Writes the report and returns the figures as a table.
    fn evaluate(&self) -> Result<String> {
        let mut test = self.checkout.program(&self.programs.cfa_train);
        test.arg("test")
            .arg("--model")
            .arg(&self.folders.bundle)
            .arg("--data")
            .arg(&self.folders.data);
        test.arg("--report")
            .arg(&self.folders.report)
            .arg("--report-all");
        step::capture(
            "Measuring against the masks and writing the report",
            &mut test,
        )
    }
}
