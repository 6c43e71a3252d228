//! Versions and ranges as Cargo writes them, as far as lock files, bans and advisories need them.

use anyhow::{Context, Error, Result, bail};
use std::str::FromStr;

/// An exact version. A pre-release comes before its release; two of the same release count as
/// equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    numbers: [u64; 3],
    released: bool,
}

/// Comparisons that must all hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Range(Vec<Bound>);

/// From the first version on, up to the second and without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bound {
    from: Version,
    below: Option<Version>,
}

const ZERO: Version = Version { numbers: [0; 3], released: false };

impl Range {
    pub(crate) fn holds(&self, version: Version) -> bool {
        let within = |bound: &Bound| {
            bound.from <= version && bound.below.is_none_or(|below| version < below)
        };
        self.0.iter().all(within)
    }
}

impl FromStr for Version {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (version, given) = parse(text)?;
        if given != 3 {
            bail!("`{text}` is no exact version; write three numbers");
        }
        Ok(version)
    }
}

impl FromStr for Range {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(Self(text.split(',').map(|part| bound(part.trim())).collect::<Result<_>>()?))
    }
}

/// A version and how many of its numbers were written.
fn parse(text: &str) -> Result<(Version, usize)> {
    let text = text.split('+').next().unwrap_or(text);
    let (numbers, before) = text.split_once('-').unwrap_or((text, ""));
    let mut version = Version { numbers: [0; 3], released: before.is_empty() };
    let mut given = 0;
    for part in numbers.split('.') {
        let place = version.numbers.get_mut(given).context("a version has three numbers")?;
        *place = part.parse().with_context(|| format!("`{text}` is no version"))?;
        given += 1;
    }
    Ok((version, given))
}

fn bound(text: &str) -> Result<Bound> {
    let at = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
    let (operator, rest) = text.split_at(at);
    if text == "*" {
        return Ok(Bound { from: ZERO, below: None });
    }
    let (version, given) = parse(rest)?;
    let (from, below) = match operator.trim() {
        ">=" => (version, None),
        ">" => (after(version, given), None),
        "<" => (ZERO, Some(version)),
        "<=" => (ZERO, Some(after(version, given))),
        "=" => (version, Some(after(version, given))),
        "~" => (version, Some(next(version, given.min(2)))),
        "^" | "" => (version, Some(next(version, leading(version, given)))),
        other => bail!("`{other}` in `{text}` is no comparison"),
    };
    Ok(Bound { from, below })
}

/// The number that a caret keeps: the first that is not zero.
fn leading(version: Version, given: usize) -> usize {
    let first = version.numbers.iter().position(|number| *number != 0);
    first.map_or(given, |at| at + 1)
}

/// The first version that no longer shares the first `kept` numbers.
fn next(version: Version, kept: usize) -> Version {
    let mut numbers = [0; 3];
    numbers[..kept].copy_from_slice(&version.numbers[..kept]);
    if let Some(last) = numbers[..kept].last_mut() {
        *last += 1;
    }
    Version { numbers, released: false }
}

/// The first version after this one, or after all that begin like it.
fn after(version: Version, given: usize) -> Version {
    match given {
        3 if !version.released => Version { released: true, ..version },
        _ => next(version, given),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(range: &str, version: &str) -> bool {
        range.parse::<Range>().unwrap().holds(version.parse().unwrap())
    }

    #[test]
    fn ranges_mean_what_cargo_means() {
        for (range, inside, outside) in [
            (">= 1.2.3", "1.2.3", "1.2.2"),
            ("> 1.2.3", "1.2.4", "1.2.3"),
            ("> 1.2", "1.3.0", "1.2.9"),
            ("< 10.3.0", "10.2.9", "10.3.0"),
            ("<= 1.2", "1.2.9", "1.3.0"),
            ("= 1.2.3", "1.2.3", "1.2.4"),
            ("~1.2", "1.2.9", "1.3.0"),
            ("~1", "1.9.9", "2.0.0"),
            ("^1.2.3", "1.9.0", "2.0.0"),
            ("^0.2.3", "0.2.9", "0.3.0"),
            ("^0.0.3", "0.0.3", "0.0.4"),
            ("1", "1.9.9", "2.0.0"),
            (">= 1.2, < 1.5", "1.4.9", "1.5.0"),
            (">= 1.0.0", "1.0.0", "1.0.0-rc.1"),
            ("< 1.0.0", "1.0.0-rc.1", "1.0.0"),
            ("*", "0.0.1", ""),
        ] {
            assert!(holds(range, inside), "{inside} is in {range}");
            assert!(outside.is_empty() || !holds(range, outside), "{outside} is not in {range}");
        }
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for text in ["", "1", "1.2", "1.2.3.4", "a.b.c", "1.2.x"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
        assert!("1.2.3-rc.1+build".parse::<Version>().is_ok());
        assert!("!1.2".parse::<Range>().is_err());
    }
}
