//! Which format a manifest follows, and which of them are read.

/// The value of `format`.
pub(super) const FORMAT: &str = "cfa-bundle";
/// The `format_version` that this code writes.
pub(super) const FORMAT_VERSION: u32 = 5;
/// The oldest `format_version` that this code reads.
pub(super) const OLDEST_FORMAT_VERSION: u32 = 3;
/// The first version that names the orientation rule.
pub(super) const FIRST_WITH_ORIENTATION: u32 = 4;
/// The first version that names its method.
pub(super) const FIRST_WITH_METHOD: u32 = 5;

/// The method of all bundles that do not name one.
pub(super) const METHOD_BEFORE_TAGS: &str = "cfa";
