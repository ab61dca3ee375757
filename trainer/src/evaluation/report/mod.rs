//! The results of an evaluation as one HTML file that needs nothing else.

mod chart;
mod curves;
mod digits;
mod exhibit;
mod facts;
mod histogram;
mod page;
mod table;
#[cfg(test)]
mod tests;
mod thumbnail;

use std::io;
use std::path::{Path, PathBuf};

use cfa_runtime::inspector::{InspectError, Inspector};
use cfa_runtime::{BrokenInvariant, write_atomically};

use crate::evaluation::metrics::MetricsError;
use crate::evaluation::{Evaluation, EvaluationError, PictureScore};
use exhibit::Exhibit;
use page::{Page, Section};

/// Number of the worst misses, and of the worst false alarms, that are shown.
const WORST: usize = 8;

/// The facts on the page beside the figures.
#[derive(Debug, Clone)]
pub struct ReportSettings {
    /// The heading.
    pub title: String,
    /// Name of the bundle file.
    pub model_file: String,
    /// SHA-256 of the bundle file in hexadecimal.
    pub model_sha256: String,
    /// Show every picture, and not only the worst misses and false alarms. Each picture
    /// takes about 60 KiB.
    pub all_pictures: bool,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A picture that was inspected before cannot be inspected any more.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// A mask that was read before cannot be read any more.
    #[error(transparent)]
    Mask(#[from] EvaluationError),
    /// A picture cannot be made smaller for the page.
    #[error("{} cannot be encoded for the report", path.display())]
    Encode {
        /// The picture.
        path: PathBuf,
        /// Why.
        #[source]
        source: image::ImageError,
    },
    /// The curves cannot be drawn from these scores.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The manifest of the bundle has no JSON form: a bug.
    #[error("internal error: the manifest of the model has no JSON form; please report this")]
    Manifest(#[source] serde_json::Error),
    /// A bug of this program.
    #[error(transparent)]
    Internal(#[from] BrokenInvariant),
    /// The disk is full, the folder not writable, or the like.
    #[error("cannot write the report {}; check that its folder exists and is writable and the disk not full", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Writes the page to `path`, in place of an older one.
///
/// Pictures that are shown are inspected once more, so that no map needs to be kept.
/// `inspector` must be the one of the evaluation. `progress` is called with the number of
/// finished pictures and the number of all.
///
/// # Errors
/// See [`ReportError`].
pub fn write_report(
    path: &Path,
    inspector: &mut Inspector,
    evaluation: &Evaluation,
    settings: &ReportSettings,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<(), ReportError> {
    let chosen = choice(evaluation, settings.all_pictures);
    let count = chosen.iter().map(|(.., pictures)| pictures.len()).sum();
    let mut done = 0;
    let mut sections = Vec::new();
    for (title, note, pictures) in chosen {
        let mut exhibits = Vec::new();
        for picture in pictures {
            exhibits.push(Exhibit::inspect(picture, inspector)?);
            done += 1;
            progress(done, count);
        }
        sections.push(Section {
            title,
            note,
            exhibits,
        });
    }
    let page = Page {
        settings,
        evaluation,
        manifest: serde_json::to_value(inspector.manifest()).map_err(ReportError::Manifest)?,
        sections,
    };
    let html = page.html()?.into_string();
    write_atomically(path, |file| file.write_all(html.as_bytes())).map_err(|source| {
        ReportError::Write {
            path: path.to_owned(),
            source,
        }
    })
}

type Chosen<'a> = (String, String, Vec<&'a PictureScore>);

/// Heading, remark and pictures of each gallery.
fn choice(evaluation: &Evaluation, all: bool) -> Vec<Chosen<'_>> {
    let mut ranked: Vec<&PictureScore> = evaluation.pictures.iter().collect();
    ranked.sort_by(|a, b| a.score.total_cmp(&b.score));
    let (defective, good): (Vec<_>, Vec<_>) = ranked
        .into_iter()
        .partition(|seen| seen.picture.is_defective());
    let worst =
        |title: &str, note: &str, pictures: Vec<_>| (title.to_owned(), note.to_owned(), pictures);
    let mut chosen = vec![
        worst(
            "Worst misses",
            "defective pictures with the lowest scores",
            defective.into_iter().take(WORST).collect(),
        ),
        worst(
            "Worst false alarms",
            "good pictures with the highest scores",
            good.into_iter().rev().take(WORST).collect(),
        ),
    ];
    if all {
        chosen.extend(evaluation.groups().into_iter().map(|(name, pictures)| {
            let note = format!("all {} pictures, highest score first", pictures.len());
            (name.replace('_', " "), note, pictures)
        }));
    }
    chosen.retain(|(.., pictures)| !pictures.is_empty());
    chosen
}
