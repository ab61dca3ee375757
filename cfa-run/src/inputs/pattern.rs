//! Glob patterns over paths, which need not be text.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};

/// Signs that make a pattern of a path.
const SIGNS: [char; 3] = ['*', '?', '['];

/// What to say where brackets may not have been meant as signs.
pub(super) const BRACKET_HINT: &str =
    "in a pattern, [ab] stands for one of the signs a and b; write [[] for the sign [ itself";

/// The part of a glob pattern that follows the folder to search.
#[derive(Debug)]
pub(super) struct Pattern(Vec<Part>);

#[derive(Debug)]
enum Part {
    /// One folder or file.
    Name(glob::Pattern),
    /// `**`: any number of folders, also none.
    Folders,
}

impl Pattern {
    /// The folder to search and the pattern for what lies below it; `None` if the path
    /// has no signs of a pattern. A folder that exists is meant as it is written, whatever signs
    /// are in its name.
    pub(super) fn split(argument: &Path) -> Result<Option<(PathBuf, Self)>> {
        let mut folder = PathBuf::new();
        let mut components = argument.components().peekable();
        while let Some(part) = components
            .next_if(|part| !has_signs(part.as_os_str()) || folder.join(part.as_os_str()).is_dir())
        {
            folder.push(part.as_os_str());
        }
        let parts: Vec<_> = components.map(Part::new).collect::<Result<_>>()?;
        Ok((!parts.is_empty()).then_some((folder, Self(parts))))
    }

    /// How far below the folder a match can lie; `None` if at any depth.
    pub(super) fn depth(&self) -> Option<usize> {
        let any = self.0.iter().any(|part| matches!(part, Part::Folders));
        (!any).then_some(self.0.len())
    }

    pub(super) fn matches(&self, below: &Path) -> bool {
        matches(&self.0, &names(below))
    }

    /// Whether matches may lie in this folder.
    pub(super) fn leads_on(&self, folder: &Path) -> bool {
        leads_on(&self.0, &names(folder))
    }

    /// Names that begin with a dot are matched by patterns that have that dot alone.
    pub(super) fn asks_for_hidden(&self) -> bool {
        let begins_with_dot =
            |part: &Part| matches!(part, Part::Name(name) if name.as_str().starts_with('.'));
        self.0.iter().any(begins_with_dot)
    }
}

impl Part {
    fn new(component: Component<'_>) -> Result<Self> {
        let text = component.as_os_str().to_string_lossy();
        if text == "**" {
            return Ok(Self::Folders);
        }
        let name = glob::Pattern::new(&text)
            .with_context(|| format!("{text}: not a glob pattern; {BRACKET_HINT}"))?;
        Ok(Self::Name(name))
    }
}

fn has_signs(name: &OsStr) -> bool {
    name.to_string_lossy().contains(SIGNS)
}

/// Bytes that are not text become one sign each, which `*` and `?` match.
fn names(path: &Path) -> Vec<String> {
    let name = |part: &OsStr| part.to_string_lossy().into_owned();
    path.iter().map(name).collect()
}

fn matches(parts: &[Part], names: &[String]) -> bool {
    match (parts.split_first(), names.split_first()) {
        (None, first) => first.is_none(),
        (Some((Part::Name(part), parts)), Some((name, names))) => {
            part.matches(name) && matches(parts, names)
        }
        (Some((Part::Name(_), _)), None) => false,
        (Some((Part::Folders, rest)), first) => {
            matches(rest, names) || first.is_some_and(|(_name, names)| matches(parts, names))
        }
    }
}

fn leads_on(parts: &[Part], names: &[String]) -> bool {
    match (parts.split_first(), names.split_first()) {
        (None, _) => false,
        (Some(_), None) | (Some((Part::Folders, _)), Some(_)) => true,
        (Some((Part::Name(part), parts)), Some((name, names))) => {
            part.matches(name) && leads_on(parts, names)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]

    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::split(Path::new(text)).unwrap().unwrap().1
    }

    #[test]
    fn a_part_of_a_pattern_stays_within_its_folder() {
        let one = pattern("*/x[12].?ng");
        assert!(one.matches(Path::new("a/x1.png")));
        assert!(!one.matches(Path::new("x1.png")) && !one.matches(Path::new("a/b/x1.png")));
        assert!(one.leads_on(Path::new("a")) && !one.leads_on(Path::new("a/x1.png")));
        assert_eq!(one.depth(), Some(2));
    }

    #[test]
    fn two_stars_stand_for_any_number_of_folders() {
        let all = pattern("**/x.png");
        for path in ["x.png", "a/x.png", "a/b/x.png"] {
            assert!(all.matches(Path::new(path)), "{path}");
        }
        assert!(!all.matches(Path::new("a/y.png")) && all.leads_on(Path::new("a/b")));
        assert_eq!(all.depth(), None);
        assert!(pattern("a*/**").matches(Path::new("ab/c/d.png")));
    }

    #[test]
    fn a_path_without_signs_is_no_pattern() {
        assert!(Pattern::split(Path::new("a/b.png")).unwrap().is_none());
        let error = Pattern::split(Path::new("a[")).unwrap_err().to_string();
        assert!(error.contains("[[]"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_not_text_match() {
        use std::os::unix::ffi::OsStrExt;
        let name = Path::new(OsStr::from_bytes(b"part_\xff.png"));
        for text in ["*.png", "part_?.png", "p*_*"] {
            assert!(pattern(text).matches(name), "{text}");
        }
        assert!(!pattern("part_a.png*").matches(name));
    }
}
