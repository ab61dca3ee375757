//! Downloads with the user's own pip, so that mirrors, proxies and certificates
//! set there apply.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};

use super::pins::{PipTarget, Wheel};

/// Says how to get python3 and pip when they are missing.
pub(crate) fn require() -> Result<()> {
    let answer = python_with_pip()
        .arg("--version")
        .stdin(Stdio::null())
        .output();
    match answer {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => bail!(
            "`python3 -m pip` does not work: {}. On Debian or Ubuntu: sudo apt-get install python3-pip",
            String::from_utf8_lossy(&output.stderr).trim()
        ),
        Err(error) if error.kind() == io::ErrorKind::NotFound => bail!(
            "python3 was not found; the native libraries are downloaded with its pip. \
             On Debian or Ubuntu: sudo apt-get install python3 python3-pip"
        ),
        Err(error) => Err(error).context("cannot start python3"),
    }
}

/// Downloads one wheel into `folder`, under the file name that is pinned.
/// pip's progress bar and messages go to standard error.
pub(crate) fn download(target: &PipTarget, wheel: &Wheel, folder: &Path) -> Result<()> {
    let temporary = temporary_folder(folder);
    fs::create_dir_all(&temporary)
        .with_context(|| format!("cannot create {}", temporary.display()))?;
    let mut command = python_with_pip();
    command
        .args(arguments(target, wheel))
        .arg("--dest")
        .arg(folder);
    command
        .env("TMPDIR", &temporary)
        .env("PIP_REQUIRE_VIRTUALENV", "false");
    let status = command
        .stdin(Stdio::null())
        .stdout(io::stderr())
        .status()
        .context("cannot start python3")?;
    let _ = fs::remove_dir_all(&temporary);
    ensure!(
        status.success(),
        "pip could not download {} ({status}). {}",
        wheel.file,
        by_hand(wheel, folder)
    );
    let there = folder.join(&wheel.file).is_file();
    ensure!(
        there,
        "pip downloaded another file than {}. {}",
        wheel.file,
        by_hand(wheel, folder)
    );
    Ok(())
}

/// pip downloads to a temporary folder first: this keeps that on the disk whose
/// free space was checked, and inside the checkout.
pub(crate) fn temporary_folder(folder: &Path) -> PathBuf {
    folder.join("pip-temporary")
}

fn python_with_pip() -> Command {
    let mut command = Command::new("python3");
    command.args(["-m", "pip"]);
    command
}

/// `===` keeps out builds of the same version with a suffix such as `+cpu`.
/// Without pip's cache nothing is written outside the checkout.
fn arguments(target: &PipTarget, wheel: &Wheel) -> Vec<String> {
    let fixed = [
        "download",
        "--no-deps",
        "--only-binary=:all:",
        "--no-cache-dir",
        "--no-input",
    ];
    let mut arguments: Vec<String> = fixed.map(String::from).to_vec();
    arguments.push("--disable-pip-version-check".into());
    if !wheel.any_platform {
        let pairs = [
            ("python-version", &target.python_version),
            ("implementation", &target.implementation),
            ("abi", &target.abi),
        ];
        arguments.extend(pairs.map(|(name, value)| format!("--{name}={value}")));
        arguments.extend(
            target
                .platforms
                .iter()
                .map(|tag| format!("--platform={tag}")),
        );
    }
    arguments.push(format!("{}==={}", wheel.package, wheel.version));
    arguments
}

fn by_hand(wheel: &Wheel, folder: &Path) -> String {
    format!(
        "What pip said stands above. Check the network, the proxy and pip's settings \
         (a mirror: `python3 -m pip config set global.index-url URL`), then run the same command again; \
         what is already there is kept. Without a network: copy {} into {}",
        wheel.file,
        folder.display()
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::pins::Pins;
    use super::*;

    #[test]
    fn a_wheel_for_one_platform_names_all_tags_and_a_pure_one_none() {
        let pins = Pins::built_in().unwrap();
        for wheel in pins
            .components
            .iter()
            .flat_map(|component| &component.wheels)
        {
            let arguments = arguments(&pins.pip, wheel);
            let tags = arguments
                .iter()
                .filter(|argument| argument.starts_with("--platform="))
                .count();
            assert_eq!(
                tags,
                if wheel.any_platform { 0 } else { 7 },
                "{}",
                wheel.package
            );
            assert_eq!(
                *arguments.last().unwrap(),
                format!("{}==={}", wheel.package, wheel.version)
            );
        }
    }
}
