//! A field of a request that remembers what is wrong with it, so that the answer can name it.
//! Reading never fails; using does. What is read is the text of a JSON value, see `json.rs`.

use crate::error::Problem;
use nija_core::billing::plans::Cycle;
use nija_core::desk::event::Adjustment;
use nija_core::words::instrument::AssetClass;
use nija_core::words::order::{Side, TimeInForce};
use nija_core::words::tier::{Tier, Tolerance};
use serde::{Deserialize, Deserializer};

/// What is wrong with a value, in our own words.
pub(crate) type Why = &'static str;

/// A value that can be read from the text of one JSON value.
pub(crate) trait Readable: Sized {
    /// Reads it, or says what is wrong.
    fn read(raw: &str) -> Result<Self, Why>;
    /// What a missing field means.
    fn missing() -> Result<Self, Why> {
        Err("is required")
    }
}

impl<T: Readable> Readable for Option<T> {
    fn read(raw: &str) -> Result<Self, Why> {
        if raw == "null" { Ok(None) } else { T::read(raw).map(Some) }
    }
    fn missing() -> Result<Self, Why> {
        Ok(None)
    }
}

/// A field of a change: what is left out stays, null takes it away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Edit<T> {
    Keep,
    To(Option<T>),
}

impl<T: Readable> Readable for Edit<T> {
    fn read(raw: &str) -> Result<Self, Why> {
        Option::read(raw).map(Self::To)
    }
    fn missing() -> Result<Self, Why> {
        Ok(Self::Keep)
    }
}

impl<T> Edit<T> {
    /// What holds after the change.
    pub(crate) fn over(self, kept: Option<T>) -> Option<T> {
        match self {
            Self::Keep => kept,
            Self::To(value) => value,
        }
    }
}

/// One field of a request.
#[derive(Clone, Debug)]
pub(crate) struct Field<T>(Result<T, Why>);

impl<T: Readable> Default for Field<T> {
    fn default() -> Self {
        Self(T::missing())
    }
}

impl<'de, T: Readable> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        <&str>::deserialize(from).map(|raw| Self(T::read(raw)))
    }
}

impl<T> Field<T> {
    /// The value, or the problem with this name on it.
    pub(crate) fn get(self, name: &'static str) -> Result<T, Problem> {
        self.0.map_err(|why| Problem::field(name, why))
    }
}

fn text(raw: &str) -> Result<String, Why> {
    serde_json::from_str(raw).map_err(|_| "must be a string")
}

/// Text of at most so many bytes.
impl Readable for String {
    fn read(raw: &str) -> Result<Self, Why> {
        text(raw)
    }
}

impl Readable for Cycle {
    fn read(raw: &str) -> Result<Self, Why> {
        let word = text(raw)?;
        let cycle = Self::ALL.into_iter().find(|cycle| cycle.name() == word);
        cycle.ok_or("must be monthly or annual")
    }
}

impl Readable for bool {
    fn read(raw: &str) -> Result<Self, Why> {
        raw.parse().map_err(|_| "must be true or false")
    }
}

impl Readable for Vec<String> {
    fn read(raw: &str) -> Result<Self, Why> {
        serde_json::from_str(raw).map_err(|_| "must be a list of strings")
    }
}

impl Readable for Tier {
    fn read(raw: &str) -> Result<Self, Why> {
        const WHY: Why = "must be STARTER, SAVER, INVESTOR, INCOME, LIVABLE, BALLER or PAPER";
        text(raw).map_err(|_| WHY)?.parse().map_err(|_| WHY)
    }
}

macro_rules! words {
    ($($name:ty: $why:literal;)*) => {$(
        impl Readable for $name {
            fn read(raw: &str) -> Result<Self, Why> {
                serde_json::from_str(raw).map_err(|_| $why)
            }
        }
    )*};
}

words! {
    Side: "must be buy or sell";
    TimeInForce: "must be day, gtc, ioc, fok or post_only";
    AssetClass: "must be crypto, equity or derivatives";
    Tolerance: "must be conservative, moderate or aggressive";
    Adjustment: "must be dividend, funding or correction";
}

/// Why somebody does something that will be asked about later: 3 to 200 characters that print.
#[derive(Clone, Debug)]
pub(crate) struct Sentence(pub(crate) String);

impl Readable for Sentence {
    fn read(raw: &str) -> Result<Self, Why> {
        let text = text(raw)?;
        let trimmed = text.trim();
        let count = trimmed.chars().take(201).count();
        if !(3..=200).contains(&count) {
            return Err("must be a sentence of 3 to 200 characters");
        }
        if trimmed.chars().any(char::is_control) {
            return Err("must be one line of text that prints");
        }
        Ok(Self(trimmed.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::value::{self, BorrowedStrDeserializer, MapDeserializer};

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[serde(default)]
        side: Field<Side>,
        #[serde(default)]
        note: Field<Option<String>>,
        #[serde(default)]
        edit: Field<Edit<String>>,
    }

    fn sample(members: &[(&str, &'static str)]) -> Result<Sample, value::Error> {
        let pairs = members.iter().map(|&(name, raw)| (name, BorrowedStrDeserializer::new(raw)));
        Sample::deserialize(MapDeserializer::new(pairs))
    }

    #[test]
    fn a_wrong_value_is_named_when_it_is_used() {
        let wrong = sample(&[("side", r#"{"a": 1}"#)]).unwrap();
        let problem = wrong.side.get("side").unwrap_err();
        assert_eq!((problem.field, problem.detail), (Some("side"), "must be buy or sell"));
        assert_eq!(wrong.note.get("note"), Ok(None));
        let empty = sample(&[]).unwrap();
        assert_eq!(empty.side.get("side").unwrap_err().detail, "is required");
        let kept = Some("kept".to_owned());
        for (raw, after) in [(None, kept.clone()), (Some("null"), None)] {
            let members: Vec<_> = raw.map(|raw| ("edit", raw)).into_iter().collect();
            let edit = sample(&members).unwrap().edit.get("edit").unwrap();
            assert_eq!(edit.over(kept.clone()), after);
        }
        assert!(sample(&[("sides", r#""buy""#)]).is_err());
    }
}
