//! Axes around a plot. The plot is stretched to its place and the text around it is not,
//! so that the text can be read on a phone.

use maud::{Markup, html};

/// A mark on an axis: its place, 0 to 1, and its text.
pub(super) type Tick = (f32, String);

pub(super) struct Chart<'a> {
    /// Text for readers who cannot see the plot.
    pub(super) label: &'a str,
    /// CSS class of the whole chart.
    pub(super) class: &'a str,
    pub(super) x_title: &'a str,
    pub(super) x_ticks: Vec<Tick>,
    pub(super) y_title: &'a str,
    pub(super) y_ticks: Vec<Tick>,
    /// SVG elements in a square of 100 × 100, the origin in the upper left.
    pub(super) plot: Markup,
}

impl Chart<'_> {
    pub(super) fn html(&self) -> Markup {
        html! {
            div.chart.(self.class) {
                span.y-title { (self.y_title) }
                div.y { (ticks("bottom", &self.y_ticks)) }
                svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label=(self.label) {
                    (self.plot)
                }
                div.x { (ticks("left", &self.x_ticks)) }
                span.x-title { (self.x_title) }
            }
        }
    }
}

/// Texts whose distance from one side, such as `left`, is their place on the axis.
fn ticks(side: &str, ticks: &[Tick]) -> Markup {
    html! {
        @for (place, text) in ticks {
            span style=(format!("{side}:{:.1}%", place * 100.0)) { (text) }
        }
    }
}

/// 0, 0.5 and 1.
pub(super) fn unit_ticks() -> Vec<Tick> {
    [(0.0, "0"), (0.5, "0.5"), (1.0, "1")]
        .map(|(place, text)| (place, text.to_owned()))
        .to_vec()
}
