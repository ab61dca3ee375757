//! The score histogram as inline SVG, coloured by the page's style.

use std::fmt::Write;

use super::Report;

const BINS: usize = 30;
const WIDTH: f32 = 720.0;
const HEIGHT: f32 = 200.0;
/// Room for the labels.
const LEFT: f32 = 36.0;
const RIGHT: f32 = 28.0;
const BELOW: f32 = 40.0;

/// Bars of sound pictures with those of defective ones stacked on top.
pub(super) fn svg(report: &Report) -> String {
    let scores = report.inspected.iter().map(|picture| picture.score);
    let low = scores.clone().fold(f32::INFINITY, f32::min);
    let high = scores.fold(f32::NEG_INFINITY, f32::max);
    let (good, defective) = (
        counts(report, true, low, high),
        counts(report, false, low, high),
    );
    let highest = good
        .iter()
        .zip(&defective)
        .map(|(good, defective)| good + defective)
        .max()
        .unwrap_or(1)
        .max(1);
    let scale = HEIGHT / highest as f32;
    let mut svg = format!(
        "<svg class=\"histogram\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"Histogram of the scores\">\n",
        LEFT + WIDTH + RIGHT,
        HEIGHT + BELOW + 8.0
    );
    for (bin, (good, defective)) in good.iter().zip(&defective).enumerate() {
        bar(&mut svg, "good", bin, 0.0, *good as f32 * scale);
        bar(
            &mut svg,
            "bad",
            bin,
            *good as f32 * scale,
            *defective as f32 * scale,
        );
    }
    axes(&mut svg, low, high, highest);
    svg.push_str("</svg>\n");
    svg
}

fn counts(report: &Report, good: bool, low: f32, high: f32) -> [usize; BINS] {
    let mut counts = [0; BINS];
    for picture in report
        .inspected
        .iter()
        .filter(|picture| picture.is_good() == good)
    {
        let share = (picture.score - low) / (high - low).max(f32::MIN_POSITIVE);
        let bin = ((share * BINS as f32) as usize).min(BINS - 1);
        if let Some(count) = counts.get_mut(bin) {
            *count += 1;
        }
    }
    counts
}

fn bar(svg: &mut String, class: &str, bin: usize, from: f32, height: f32) {
    if height > 0.0 {
        let width = WIDTH / BINS as f32;
        let (x, y) = (
            LEFT + bin as f32 * width + 1.0,
            4.0 + HEIGHT - from - height,
        );
        let _ = writeln!(
            svg,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>",
            width - 2.0
        );
    }
}

fn axes(svg: &mut String, low: f32, high: f32, highest: usize) {
    let base = HEIGHT + 4.0;
    let _ = writeln!(svg, "<path class=\"axis\" d=\"M{LEFT} {base}h{WIDTH}\"/>");
    for step in 0..5_u8 {
        let share = f32::from(step) / 4.0;
        let (x, score) = (LEFT + share * WIDTH, low + share * (high - low));
        let _ = writeln!(
            svg,
            "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{score:.3}</text>",
            base + 16.0
        );
    }
    let middle = LEFT + WIDTH / 2.0;
    let _ = writeln!(
        svg,
        "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">score</text>",
        base + 34.0
    );
    let left = LEFT - 6.0;
    let _ = writeln!(
        svg,
        "<text x=\"{left}\" y=\"14\" text-anchor=\"end\">{highest}</text>"
    );
    let _ = writeln!(
        svg,
        "<text x=\"{left}\" y=\"{base}\" text-anchor=\"end\">0</text>"
    );
}
