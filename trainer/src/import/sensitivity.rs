//! anomalib's sensitivity, and the raw threshold that follows from it.
//!
//! `PostProcessor` of 2.x maps a raw value x to clamp((x − t) / (max − min) + 0.5, 0, 1) with
//! the threshold t and the range that it saw in validation, and calls it anomalous above
//! 1 − s. On raw values that is above t + (0.5 − s) · (max − min).

use super::source::Source;

/// Where the releases from 2.0 on keep the settings of the post-processor: beside the state
/// (2.7), among the hyper-parameters, or in the module that was saved whole.
pub(super) fn stored(source: &Source<'_>, name: &str) -> Option<f64> {
    let places = [
        source.root.get("anomalib_post_processor_config"),
        source
            .hyper_parameters()
            .and_then(|all| all.get("post_processor")),
        source
            .module
            .and_then(|module| module.get("post_processor")),
    ];
    let found = places.into_iter().flatten().find_map(|p| p.get(name));
    found?.number()
}

/// What a sensitivity makes of a threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Applied {
    /// Raw values above it are anomalous.
    Above(f32),
    /// The file lacks the range that the sensitivity refers to.
    NoRange,
    /// No value is anomalous.
    Nothing,
    /// Every value is.
    Everything,
    /// The sensitivity is not a number.
    NotANumber,
}

/// The raw threshold of a sensitivity, for the threshold and the range seen in validation.
pub(super) fn applied(threshold: f32, range: Option<(f32, f32)>, sensitivity: f64) -> Applied {
    if sensitivity.is_nan() {
        return Applied::NotANumber;
    }
    let Some((low, high)) = range else {
        return if is_default(sensitivity) {
            Applied::Above(threshold)
        } else {
            Applied::NoRange
        };
    };
    match (sensitivity, f64::from(high) - f64::from(low)) {
        (s, _) if is_default(s) => Applied::Above(threshold),
        (s, _) if s <= 0.0 => Applied::Nothing,
        (s, _) if s > 1.0 => Applied::Everything,
        // Without a range the value becomes 0, 0.5 or 1.
        (s, 0.0) if s > 0.5 => Applied::Above(threshold.next_down()),
        (_, 0.0) => Applied::Above(threshold),
        (s, range) => Applied::Above((f64::from(threshold) + (0.5 - s) * range) as f32),
    }
}

/// anomalib's own, with which the threshold stays where it is.
fn is_default(sensitivity: f64) -> bool {
    (sensitivity - 0.5).abs() < f64::EPSILON
}

/// What a user should know of a level, `image` or `pixel`; nothing for the default.
pub(super) fn note(level: &str, sensitivity: f64, applied: Applied) -> Option<String> {
    let name = format!("{level}_sensitivity {sensitivity}");
    let calibrate = "`cfa-train calibrate` finds a threshold";
    Some(match applied {
        _ if is_default(sensitivity) => return None,
        Applied::Above(threshold) => {
            format!("with anomalib's {name} the {level} threshold is {threshold} (raw)")
        }
        Applied::NoRange => format!(
            "anomalib's {name} cannot be applied, because the checkpoint lacks the range seen in validation \
             ({level}_min, {level}_max); no {level} threshold is taken over: {calibrate}"
        ),
        Applied::Nothing => format!(
            "with anomalib's {name} nothing is ever anomalous; no {level} threshold is taken over: {calibrate}"
        ),
        Applied::Everything => format!(
            "with anomalib's {name} everything is anomalous; no {level} threshold is taken over: {calibrate}"
        ),
        Applied::NotANumber => format!(
            "anomalib's {level}_sensitivity is not a number; no {level} threshold is taken over: {calibrate}"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::{Applied, applied};

    /// anomalib's `PostProcessor` in its own arithmetic.
    fn anomalibs_label(x: f32, threshold: f32, (low, high): (f32, f32), sensitivity: f32) -> bool {
        let range = high - low;
        let normalised = if range == 0.0 {
            match x.total_cmp(&threshold) {
                std::cmp::Ordering::Less => 0.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Greater => 1.0,
            }
        } else {
            ((x - threshold) / range + 0.5).clamp(0.0, 1.0)
        };
        normalised > 1.0 - sensitivity
    }

    /// The figures of `v2.7.0.ckpt`, image and pixel, and one without a range. Beside the
    /// threshold the rounding of f32 decides: 1e-6 of the range.
    #[test]
    fn verdicts_are_those_of_anomalib() {
        for (threshold, range) in [
            (0.405_394_14, (0.405_394_14, 0.448_008_75)),
            (0.203_459_74, (0.066_746_61, 0.448_008_75)),
            (0.25, (0.25, 0.25)),
        ] {
            for sensitivity in [0.001, 0.1, 0.25, 0.499, 0.5, 0.501, 0.75, 0.9, 1.0] {
                let Applied::Above(found) = applied(threshold, Some(range), sensitivity.into())
                else {
                    unreachable!("{sensitivity} gives a threshold")
                };
                let near = 1e-6 * (range.1 - range.0) + f32::EPSILON * threshold;
                for step in -400..=400_i16 {
                    let x = threshold + f32::from(step) / 400.0 * 0.5;
                    if (x - found).abs() > near {
                        let expected = anomalibs_label(x, threshold, range, sensitivity);
                        assert_eq!(x > found, expected, "{x} {found} {sensitivity}");
                    }
                }
                let at = anomalibs_label(threshold, threshold, range, sensitivity);
                assert_eq!(threshold > found, at, "{sensitivity}");
            }
        }
    }

    #[test]
    fn beyond_the_ends_there_is_no_threshold() {
        let range = Some((0.0, 1.0));
        assert_eq!(applied(0.4, range, 0.0), Applied::Nothing);
        assert_eq!(applied(0.4, range, -1.0), Applied::Nothing);
        assert_eq!(applied(0.4, range, 1.5), Applied::Everything);
        assert_eq!(applied(0.4, range, f64::NAN), Applied::NotANumber);
        assert_eq!(applied(0.4, None, 0.7), Applied::NoRange);
        assert_eq!(applied(0.4, None, 0.5), Applied::Above(0.4));
    }
}
