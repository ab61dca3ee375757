//! What a report says beside the figures.

/// What the page says beside the figures.
#[derive(Debug, Clone)]
pub struct ReportSettings {
    /// The heading.
    pub title: String,
    /// Name of the bundle file.
    pub model_file: String,
    /// SHA-256 of the bundle file in hexadecimal.
    pub model_sha256: String,
    /// Show every picture, and not only the worst misses and false alarms: some 60 KiB
    /// a picture.
    pub all_pictures: bool,
}
