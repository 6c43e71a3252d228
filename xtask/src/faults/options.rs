//! What all faults can be told, and the two things all need first: a binary and a folder.

use crate::shell;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::{Path, PathBuf};

pub(super) const USAGE: &str = "[--times N | --seeds N] [--seconds N] [--seed S | --from S] [--release] \
     [--binary PATH] [--keep]";

/// What to do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// How often the fault happens; each program has a number of its own where this is not given.
    pub(crate) times: Option<u64>,
    /// How long the fault lasts, where it lasts.
    pub(crate) seconds: Option<u64>,
    /// Where chance begins.
    pub(crate) seed: u64,
    /// The server as it is shipped instead of the developers' build.
    pub(crate) release: bool,
    /// The server, already built.
    pub(crate) binary: Option<PathBuf>,
    /// Leave the folder also when all went well.
    pub(crate) keep: bool,
}

impl Options {
    pub(super) fn read(args: &[String]) -> Result<Self> {
        let mut options = Self { seed: 1, ..Self::default() };
        let mut args = args.iter();
        while let Some(name) = args.next() {
            let mut value = || args.next().context(USAGE);
            match name.as_str() {
                "--times" | "--seeds" => options.times = Some(value()?.parse().context(USAGE)?),
                "--seconds" => options.seconds = Some(value()?.parse().context(USAGE)?),
                "--seed" | "--from" => options.seed = value()?.parse().context(USAGE)?,
                "--binary" => options.binary = Some(std::path::absolute(value()?)?),
                "--release" => options.release = true,
                "--keep" => options.keep = true,
                _ => bail!("no option {name}; there are {USAGE}"),
            }
        }
        Ok(options)
    }

    /// The server, built where it has to be.
    pub(crate) fn binary(&self) -> Result<PathBuf> {
        if let Some(binary) = &self.binary {
            return Ok(binary.clone());
        }
        let mut args = vec!["build", "--locked", "--package", "nija"];
        args.extend(self.release.then_some("--release"));
        shell::run("cargo", &args)?;
        Ok(Self::target()?.join(if self.release { "release" } else { "debug" }).join("nija"))
    }

    /// The folder of what is built.
    pub(crate) fn target() -> Result<PathBuf> {
        let args = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
        let metadata: Value = serde_json::from_slice(&shell::output("cargo", &args)?)?;
        let target = metadata["target_directory"].as_str();
        Ok(PathBuf::from(target.context("cargo metadata names no target directory")?))
    }

    /// Does the work in a folder of its own, which stays when something went wrong or was broken.
    pub(crate) fn within(
        &self,
        name: &str,
        work: impl FnOnce(&Path) -> Result<super::Outcome>,
    ) -> Result<super::Outcome> {
        let folder = std::env::temp_dir().join(format!("nija-{name}-{}", std::process::id()));
        std::fs::create_dir(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let done = work(&folder);
        if !self.keep && done.as_ref().is_ok_and(super::Outcome::passed) {
            std::fs::remove_dir_all(&folder).context("the folder cannot be removed")?;
            return done;
        }
        println!("  everything is kept in {}", folder.display());
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read() {
        let read = |args: &[&str]| {
            let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
            Options::read(&args)
        };
        assert_eq!(read(&[]).unwrap(), Options { seed: 1, ..Options::default() });
        let some = read(&["--times", "7", "--release", "--seed", "9"]).unwrap();
        assert_eq!((some.times, some.seed, some.release), (Some(7), 9, true));
        for wrong in [&["--times"][..], &["--times", "x"], &["--what", "1"]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
