//! The folders that hold good pictures.

use std::ffi::OsStr;

/// Folder name of the pictures without a defect, in `MVTec`'s layout.
pub const GOOD: &str = "good";

/// Known names of folders of good pictures, in lower case and with letters and digits only.
pub const KNOWN_GOOD_NAMES: [&str; 34] = [
    "good",
    "goods",
    "goodparts",
    "goodpictures",
    "goodimages",
    "ok",
    "okay",
    "okparts",
    "normal",
    "nominal",
    "pass",
    "passed",
    "io",
    "gut",
    "gutteile",
    "accept",
    "accepted",
    "acceptable",
    "defectfree",
    "nodefect",
    "nodefects",
    "nondefective",
    "notdefective",
    "withoutdefect",
    "faultfree",
    "nofault",
    "flawless",
    "errorfree",
    "anomalyfree",
    "noanomaly",
    "nonanomalous",
    "healthy",
    "intact",
    "undamaged",
];

/// The names by which folders of good pictures are recognised.
///
/// The default names are [`KNOWN_GOOD_NAMES`]. For these, upper and lower case, blanks, and signs
/// between the letters make no difference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoodNames {
    given: Vec<String>,
}

impl GoodNames {
    /// Only these names, in upper or lower case. An empty list means the known names.
    #[must_use]
    pub fn only(names: Vec<String>) -> Self {
        Self { given: names }
    }

    /// Whether a folder of this name holds good pictures.
    #[must_use]
    pub fn contains(&self, name: &OsStr) -> bool {
        let name = name.to_string_lossy();
        if self.given.is_empty() {
            return KNOWN_GOOD_NAMES.contains(&&*letters_and_digits(&name));
        }
        let lower = name.to_lowercase();
        self.given.iter().any(|given| given.to_lowercase() == lower)
    }

    /// Whether names were given.
    #[must_use]
    pub fn are_given(&self) -> bool {
        !self.given.is_empty()
    }

    /// Whether a part of the name is a known name, as in `ok_2`: it may be meant as good.
    pub(super) fn may_be_meant(&self, name: &str) -> bool {
        let lower = name.to_lowercase();
        let mut parts = lower.split(|sign: char| !sign.is_alphabetic());
        let negated = ["no", "not", "non", "nicht", "un"];
        !self.are_given()
            && !lower
                .split(|sign: char| !sign.is_alphabetic())
                .any(|part| negated.contains(&part))
            && parts.any(|part| ["good", "ok", "okay", "normal", "gut"].contains(&part))
    }
}

fn letters_and_digits(name: &str) -> String {
    name.chars()
        .filter(|sign| sign.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_names_are_known_whatever_their_case() {
        let names = GoodNames::default();
        for name in [
            "good",
            "Good",
            "OK",
            "ok",
            "normal",
            "Normal",
            "defect-free",
            "DEFECT_FREE",
            "IO",
            "i.O.",
            "pass",
            "PASSED",
            "gut",
            "no defect",
            "Okay",
            "anomaly_free",
        ] {
            assert!(names.contains(OsStr::new(name)), "{name}");
        }
        for name in [
            "NG", "nok", "NOK", "ko", "n.i.O.", "nio", "bad", "fail", "schlecht", "defect",
            "anomaly", "abnormal", "not_good", "not ok", "goodish", "scratch", "", "0", "...",
        ] {
            assert!(!names.contains(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn given_names_stand_alone() {
        let names = GoodNames::only(vec!["Teil A".to_owned(), "sound".to_owned()]);
        assert!(names.contains(OsStr::new("teil a")) && names.contains(OsStr::new("SOUND")));
        assert!(!names.contains(OsStr::new("good")) && !names.contains(OsStr::new("teila")));
    }

    #[test]
    fn names_that_may_be_meant_are_seen() {
        let names = GoodNames::default();
        assert!(names.may_be_meant("ok_2") && names.may_be_meant("Good side"));
        assert!(!names.may_be_meant("not_ok") && !names.may_be_meant("abnormal"));
        assert!(!names.may_be_meant("token") && !names.may_be_meant("scratch"));
    }
}
