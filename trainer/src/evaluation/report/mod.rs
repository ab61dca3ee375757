//! The results of an evaluation as one HTML file that needs nothing else.

mod chart;
mod curves;
mod digits;
mod error;
mod exhibit;
mod facts;
mod histogram;
mod page;
mod settings;
mod table;
#[cfg(test)]
mod tests;
mod thumbnail;

use std::path::Path;

use cfa_runtime::inspector::Inspector;
use cfa_runtime::write_atomically;

pub use error::ReportError;
pub use settings::ReportSettings;

use crate::evaluation::{Evaluation, PictureScore};
use exhibit::Exhibit;
use page::{Page, Section};

/// Number of the worst misses, and of the worst false alarms, that are shown.
const WORST: usize = 8;

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
