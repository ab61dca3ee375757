//! The defaults of the method's options, as help shows them: read from the settings.

use cfa_runtime::preprocess::{AspectRule, ResizeFilter, Size};
use cfa_runtime::training_support::cfa::anomaly_map::Border;
use cfa_train::training::{FitSettings, Preset};
use clap::Command;

/// The identifier of an option, and its value in settings.
type Shown = (&'static str, fn(&FitSettings) -> String);

const SHOWN: [Shown; 20] = [
    ("tap_activation", |s| s.tap_activation.to_string()),
    ("orientation", |s| s.orientation.name().to_owned()),
    ("white_level", |s| {
        let full_range = "65535, the full range".to_owned();
        s.white_level.map_or(full_range, |level| level.to_string())
    }),
    ("image_size", |s| size(s.image_size)),
    ("resize_filter", |s| filter(s.resize_filter).to_owned()),
    ("aspect", |s| aspect(s.aspect).to_owned()),
    ("center_crop", |s| {
        s.center_crop.map_or("none".to_owned(), size)
    }),
    ("epochs", |s| s.epochs.to_string()),
    ("batch_size", |s| s.batch_size.to_string()),
    ("lr", |s| s.learning_rate.to_string()),
    ("weight_decay", |s| s.weight_decay.to_string()),
    ("gamma_c", |s| s.gamma_c.to_string()),
    ("gamma_d", |s| s.gamma_d.to_string()),
    ("neighbors", |s| s.neighbors.to_string()),
    ("hard_negatives", |s| s.hard_negatives.to_string()),
    ("radius", |s| s.radius.to_string()),
    ("train_radius", |s| s.train_radius.to_string()),
    ("border", |s| border(s.border).to_owned()),
    ("seed", |s| s.seed.to_string()),
    ("calibration_split", |s| s.calibration_split.to_string()),
];

/// `fit` with the default of each option of the method behind its help.
pub(crate) fn with_shown_defaults(fit: Command) -> Command {
    SHOWN.into_iter().fold(fit, |fit, (option, value)| {
        fit.mut_arg(option, |argument| {
            let help = argument.get_help().map(ToString::to_string);
            let default = default_text(value);
            let text = help.map_or(default.clone(), |help| format!("{help} {default}"));
            argument.help(text)
        })
    })
}

/// The value of the usual preset, and those of others where they differ.
fn default_text(value: fn(&FitSettings) -> String) -> String {
    let usual = value(&FitSettings::default());
    let others = Preset::ALL.into_iter().filter_map(|preset| {
        let own = value(&preset.settings());
        (own != usual).then(|| format!("; preset {preset}: {own}"))
    });
    let others: String = others.collect();
    format!("[default: {usual}{others}]")
}

fn size(size: Size) -> String {
    if size.height == size.width {
        return size.height.to_string();
    }
    format!("{}x{}", size.height, size.width)
}

fn filter(filter: ResizeFilter) -> &'static str {
    match filter {
        ResizeFilter::BilinearAntialias => "bilinear",
        ResizeFilter::Lanczos8Bit => "lanczos",
    }
}

fn aspect(aspect: AspectRule) -> &'static str {
    match aspect {
        AspectRule::Stretch => "stretch",
        AspectRule::ShorterSide => "shorter-side",
    }
}

fn border(border: Border) -> &'static str {
    match border {
        Border::Mirror => "mirror",
        Border::MirrorRepeatEdge => "mirror-repeat-edge",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::command_line;

    /// The help of an option of `fit`, as the program prints it.
    fn help(option: &str) -> String {
        let mut program = command_line();
        program.build();
        let fit = program.find_subcommand("fit").unwrap();
        let argument = fit.get_arguments().find(|a| a.get_id() == option).unwrap();
        argument.get_help().unwrap().to_string()
    }

    #[test]
    fn help_shows_what_the_settings_hold() {
        let settings = FitSettings::default();
        let shown = |value: String| format!("[default: {value}");
        assert!(help("epochs").contains(&shown(settings.epochs.to_string())));
        assert!(help("batch_size").contains(&shown(settings.batch_size.to_string())));
        assert!(help("lr").contains(&shown(settings.learning_rate.to_string())));
        assert!(help("image_size").contains(&shown(settings.image_size.height.to_string())));
        let radius = help("train_radius");
        assert!(
            radius.ends_with("[default: false; preset paper: true]"),
            "{radius}"
        );
    }

    #[test]
    fn no_default_is_shown_twice() {
        for (option, _value) in SHOWN {
            assert_eq!(help(option).matches("[default").count(), 1, "{option}");
        }
    }
}
