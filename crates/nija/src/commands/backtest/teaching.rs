//! The teaching strategy by its name and its parameters, as users write them.

use anyhow::{Context, bail, ensure};
use nija_core::words::money::Qty;
use nija_engine::research::portfolio::Size;
use nija_market::teaching::{SmaCross, Windows};
use serde_json::{Value, json};

/// The name of the teaching strategy.
pub(super) const SMA_CROSS: &str = "sma-cross";

/// A parameter: its name and what it means, for people.
const PARAMETERS: [(&str, &str); 5] = [
    ("fast", "closes of the faster average, 10"),
    ("slow", "closes of the slower average, 20"),
    ("long_only", "true: close where the other goes short; false"),
    ("size", "units of a position, or all for as many as the equity pays for; all"),
    (
        "signal",
        "cross: act where the averages have crossed; side: stand on the faster one's side; cross",
    ),
];

/// What `--param` made of `sma-cross`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) fast: usize,
    pub(super) slow: usize,
    long_only: bool,
    size: Size,
    side: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { fast: 10, slow: 20, long_only: false, size: Size::All, side: false }
    }
}

impl Settings {
    pub(super) fn of(given: &[(String, String)]) -> anyhow::Result<Self> {
        let mut settings = Self::default();
        for (at, (name, value)) in given.iter().enumerate() {
            let twice = given.iter().take(at).any(|(before, _)| before == name);
            ensure!(!twice, "--param {name} is there twice; keep one");
            settings.set(name, value)?;
        }
        Ok(settings)
    }

    /// Sets one parameter.
    pub(super) fn set(&mut self, name: &str, value: &str) -> anyhow::Result<()> {
        let said = || format!("--param {name}={value}");
        match name {
            "fast" => self.fast = value.parse().with_context(said)?,
            "slow" => self.slow = value.parse().with_context(said)?,
            "long_only" => {
                self.long_only = value.parse().with_context(|| said() + ": write true or false")?;
            }
            "size" if value == "all" => self.size = Size::All,
            "size" => {
                let units: Qty = value.parse().with_context(said)?;
                ensure!(units.is_positive(), "{}: must be above 0", said());
                self.size = Size::Units(units);
            }
            "signal" => {
                self.side = match value {
                    "cross" => false,
                    "side" => true,
                    _ => bail!("{}: write cross or side", said()),
                };
            }
            _ => bail!("{SMA_CROSS} has no parameter `{name}`; it has{}", known()),
        }
        Ok(())
    }

    /// Could these averages be a pair at all?
    pub(super) fn is_sane(&self) -> bool {
        Windows::new(self.fast, self.slow).is_some()
    }

    pub(super) fn rule(&self) -> anyhow::Result<SmaCross> {
        let windows = Windows::new(self.fast, self.slow).with_context(|| {
            format!(
                "fast={} and slow={}: fast must be at least 1 and below slow, slow at most {}",
                self.fast,
                self.slow,
                Windows::LONGEST
            )
        })?;
        let rule = SmaCross::new(windows, self.long_only);
        Ok(if self.side { rule.following_the_side() } else { rule })
    }

    pub(super) const fn size(&self) -> Size {
        self.size
    }

    /// The parameters for people.
    pub(super) fn words(&self) -> String {
        let Value::Object(all) = self.told() else { return String::new() };
        let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let told: Vec<String> =
            all.iter().map(|(name, value)| format!("{name} {}", word(value))).collect();
        told.join(", ")
    }

    pub(super) fn told(&self) -> Value {
        let size = match self.size {
            Size::All => json!("all"),
            Size::Units(units) => json!(units),
        };
        json!({
            "fast": self.fast,
            "slow": self.slow,
            "long_only": self.long_only,
            "size": size,
            "signal": if self.side { "side" } else { "cross" },
        })
    }
}

/// The parameters, their meaning and what they are without being named.
fn known() -> String {
    PARAMETERS.iter().map(|(name, meaning)| format!("\n  {name}: {meaning}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(given: &[(&str, &str)]) -> anyhow::Result<Settings> {
        let owned = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Settings::of(&owned.collect::<Vec<_>>())
    }

    #[test]
    fn parameters_are_read_and_wrong_ones_are_told() {
        let read = settings(&[("fast", "5"), ("size", "2.5"), ("long_only", "true")]).unwrap();
        assert_eq!((read.fast, read.slow, read.long_only), (5, 20, true));
        assert_eq!(read.size, Size::Units("2.5".parse().unwrap()));
        assert!(read.rule().is_ok());
        for (given, wanted) in [
            (&[("quick", "3")][..], "it has\n  fast: "),
            (&[("fast", "x")], "--param fast=x"),
            (&[("fast", "3"), ("fast", "4")], "twice"),
            (&[("long_only", "yes")], "write true or false"),
            (&[("size", "0")], "above 0"),
            (&[("signal", "up")], "cross or side"),
        ] {
            let told = format!("{:#}", settings(given).unwrap_err());
            assert!(told.contains(wanted), "{told}");
        }
        let told = settings(&[("fast", "20")]).unwrap().rule().unwrap_err().to_string();
        assert!(told.contains("below slow"), "{told}");
        PARAMETERS.iter().for_each(|(name, _)| assert!(read.told().get(name).is_some(), "{name}"));
    }
}
