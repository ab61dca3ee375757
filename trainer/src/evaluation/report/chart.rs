//! Axes around a plot. The plot is stretched to its place, the text around it is not,
//! so that it can be read on a phone.

use std::fmt::Write;

/// A mark on an axis: where, 0 to 1, and what stands there.
pub(super) type Tick = (f32, String);

pub(super) struct Chart<'a> {
    /// What it shows, for those who cannot see it.
    pub(super) label: &'a str,
    /// Class of the whole.
    pub(super) class: &'a str,
    pub(super) x_title: &'a str,
    pub(super) x_ticks: Vec<Tick>,
    pub(super) y_title: &'a str,
    pub(super) y_ticks: Vec<Tick>,
    /// SVG elements in a square of 100 × 100, the origin in the upper left.
    pub(super) plot: String,
}

impl Chart<'_> {
    pub(super) fn html(&self) -> String {
        let mut html = format!(
            "<div class=\"chart {}\">\n<span class=\"y-title\">{}</span>\n<div class=\"y\">",
            self.class, self.y_title
        );
        for (place, text) in &self.y_ticks {
            let _ = write!(
                html,
                "<span style=\"bottom:{:.1}%\">{text}</span>",
                place * 100.0
            );
        }
        let _ = write!(
            html,
            "</div>\n<svg viewBox=\"0 0 100 100\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">\n{}</svg>\n<div class=\"x\">",
            self.label, self.plot
        );
        for (place, text) in &self.x_ticks {
            let _ = write!(
                html,
                "<span style=\"left:{:.1}%\">{text}</span>",
                place * 100.0
            );
        }
        let _ = writeln!(
            html,
            "</div>\n<span class=\"x-title\">{}</span>\n</div>",
            self.x_title
        );
        html
    }
}

/// 0, 0.5 and 1.
pub(super) fn unit_ticks() -> Vec<Tick> {
    vec![
        (0.0, "0".to_owned()),
        (0.5, "0.5".to_owned()),
        (1.0, "1".to_owned()),
    ]
}
