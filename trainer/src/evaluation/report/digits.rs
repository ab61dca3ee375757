//! The notation of figures on the page.

/// Four digits, or a dash for what cannot be measured.
pub(super) fn four_digits(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"))
}
