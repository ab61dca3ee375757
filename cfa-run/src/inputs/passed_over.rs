//! What was found and is not inspected, by rule: counted and named.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::path_text::shown;

/// As many are named of each kind; all are counted.
const MOST_NAMED: usize = 5;
/// As many endings have a line of their own.
const MOST_ENDINGS: usize = 8;

/// Why a file or folder is not inspected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// A file that `--save` wrote.
    SavedResult,
    Hidden,
    /// A folder of a storage system, for thumbnails and the like.
    SystemFolder,
    /// In lower case.
    Ending(String),
    NoEnding,
    /// Beside more endings than are told apart.
    OtherEnding,
    /// A pipe, a socket or a device.
    NotAFile,
    MatchedFolder,
    /// A link to a folder that holds the link.
    Circle,
}

/// Counted and named files and folders, in memory of a fixed size.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    count: usize,
    named: Vec<PathBuf>,
}

/// All that is passed over.
#[derive(Debug, Default)]
pub(crate) struct PassedOver(BTreeMap<Reason, Tally>);

impl Tally {
    pub(crate) fn add(&mut self, path: &Path) {
        self.count += 1;
        if self.named.len() < MOST_NAMED {
            self.named.push(path.to_owned());
        }
    }

    fn extend(&mut self, other: Self) {
        self.count += other.count;
        let room = MOST_NAMED.saturating_sub(self.named.len());
        self.named.extend(other.named.into_iter().take(room));
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn names(&self) -> String {
        let named: Vec<_> = self.named.iter().map(|path| shown(path)).collect();
        let names = named.join(", ");
        match self.count - named.len() {
            0 => names,
            more => format!("{names} and {more} more"),
        }
    }
}

impl PassedOver {
    pub(crate) fn add(&mut self, reason: Reason, path: &Path) {
        self.tally(reason).add(path);
    }

    fn tally(&mut self, reason: Reason) -> &mut Tally {
        let reason = match reason {
            Reason::Ending(_) if self.has_no_room_for(&reason) => Reason::OtherEnding,
            reason => reason,
        };
        self.0.entry(reason).or_default()
    }

    /// Takes on all of another.
    pub(crate) fn extend(&mut self, other: Self) {
        for (reason, tally) in other.0 {
            self.tally(reason).extend(tally);
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.0.values().map(Tally::count).sum()
    }

    /// One sentence for each reason.
    pub(crate) fn remarks(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(reason, tally)| {
            let what = reason.what(tally.count);
            format!("passed over {} {what}: {}", tally.count, tally.names())
        })
    }

    fn has_no_room_for(&self, ending: &Reason) -> bool {
        let endings = self.0.keys().filter(|key| matches!(key, Reason::Ending(_)));
        !self.0.contains_key(ending) && endings.count() >= MOST_ENDINGS
    }
}

impl Reason {
    fn what(&self, count: usize) -> String {
        let name_outright = "name a file outright to have it inspected";
        let plural = |one: &str, many: &str| if count == 1 { one } else { many }.to_owned();
        let files = plural("file", "files");
        match self {
            Self::SavedResult => plural(
                "result that was saved earlier",
                "results that were saved earlier",
            ),
            Self::Hidden => plural("hidden file or folder", "hidden files or folders"),
            Self::SystemFolder => plural(
                "folder of the storage system",
                "folders of the storage system",
            ),
            Self::Ending(ending) => {
                format!("{files} with the ending .{ending} ({name_outright})")
            }
            Self::NoEnding => format!("{files} without an ending ({name_outright})"),
            Self::OtherEnding => format!("{files} with other endings ({name_outright})"),
            Self::NotAFile => plural(
                "thing that is neither file nor folder",
                "things that are neither file nor folder",
            ),
            Self::MatchedFolder => {
                let folders = plural("folder that matches", "folders that match");
                format!("{folders} the pattern (end it with /** to search below)")
            }
            Self::Circle => plural(
                "link to a folder around it",
                "links to a folder around them",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_counted_and_the_first_are_named() {
        let mut passed_over = PassedOver::default();
        for number in 0..7 {
            let path = format!("{number}.gif");
            passed_over.add(Reason::Ending("gif".to_owned()), Path::new(&path));
        }
        passed_over.add(Reason::Hidden, Path::new("a/._b\n.png"));
        let remarks: Vec<_> = passed_over.remarks().collect();
        assert_eq!(
            remarks,
            [
                "passed over 1 hidden file or folder: a/._b\\n.png",
                "passed over 7 files with the ending .gif (name a file outright to have it \
                 inspected): 0.gif, 1.gif, 2.gif, 3.gif, 4.gif and 2 more"
            ]
        );
        assert_eq!(passed_over.count(), 8);
    }

    #[test]
    fn many_endings_take_few_lines() {
        let mut passed_over = PassedOver::default();
        for number in 0..1000 {
            let path = format!("frame.{number}");
            passed_over.add(Reason::Ending(number.to_string()), Path::new(&path));
        }
        assert_eq!(passed_over.remarks().count(), MOST_ENDINGS + 1);
        assert_eq!(passed_over.count(), 1000);
    }
}
