//! What is said after a training with several seeds.

use std::fmt::Write;

use cfa_train::evaluation::Figures;
use cfa_train::fit::seeds::SeedsSummary;

/// A line for each seed, mean and spread, and which was kept and why.
pub(crate) fn table(summary: &SeedsSummary) -> String {
    let mut text = format!(
        "{:>6}  {:>12}  {:>10}  {:>11}  {:>11}\n",
        "seed", "loss", "separation", "image AUROC", "pixel AUROC"
    );
    let number = |value: Option<f64>| value.map_or("-".to_owned(), |v| format!("{v:.4}"));
    for seed in &summary.seeds {
        let figure = |read: fn(&Figures) -> Option<f64>| seed.test.as_ref().and_then(read);
        let _ = writeln!(
            text,
            "{:>6}  {:>12}  {:>10.2}  {:>11}  {:>11}",
            seed.seed,
            seed.loss
                .map_or("-".to_owned(), |loss| format!("{loss:.2}")),
            seed.separation,
            number(figure(|f| f.image_auroc)),
            number(figure(|f| f.pixel_auroc)),
        );
    }
    for figure in &summary.figures {
        let (mean, sd) = (figure.over_seeds.mean, figure.over_seeds.sd);
        let _ = writeln!(text, "{:<12} {mean:.4} ± {sd:.4}", figure.name);
    }
    let _ = write!(
        text,
        "kept seed {}, which tells defects pasted into held-out good pictures best; test pictures played no part",
        summary.chosen_seed
    );
    text
}
