//! Kill switches: entries stop at once, exits never. Only a person with a reason arms them again.

use super::approval::Objection;
use super::facts::Facts;
use super::refusal::{Change, Code, Measure};
use crate::words::id::{AccountId, InstrumentId};
use crate::words::instrument::{AssetClass, VenueName};
use crate::words::signal::StrategyName;
use crate::words::time::{Span, Timestamp};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// What a switch stops.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case", tag = "scope", content = "of")]
pub enum Scope {
    /// Everything.
    #[n(0)]
    Platform,
    /// One venue.
    #[n(1)]
    Venue(#[n(0)] VenueName),
    /// One asset class; a black swan presses this one.
    #[n(2)]
    Class(#[n(0)] AssetClass),
    /// One instrument.
    #[n(3)]
    Symbol(#[n(0)] InstrumentId),
    /// One strategy.
    #[n(4)]
    Strategy(#[n(0)] StrategyName),
    /// One account.
    #[n(5)]
    Account(#[n(0)] AccountId),
}

impl core::fmt::Display for Scope {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Platform => f.write_str("the platform"),
            Self::Venue(venue) => write!(f, "venue {}", venue.name()),
            Self::Class(class) => write!(f, "asset class {}", class.name()),
            Self::Symbol(id) => write!(f, "instrument {id}"),
            Self::Strategy(strategy) => write!(f, "strategy {}", strategy.name()),
            Self::Account(id) => write!(f, "account {id}"),
        }
    }
}

/// Who pressed or released a switch.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by", content = "who")]
pub enum Actor {
    /// The platform's own rules.
    #[n(0)]
    Platform,
    /// A person, by user id.
    #[n(1)]
    User(#[n(0)] crate::words::id::UserId),
}

/// A switch that is pressed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Pressed {
    /// What it stops.
    #[n(0)]
    pub scope: Scope,
    /// Who pressed it.
    #[n(1)]
    pub by: Actor,
    /// Why, in their words.
    #[n(2)]
    pub reason: String,
    /// Since when.
    #[n(3)]
    pub at: Timestamp,
}

/// The switch before the gates.
pub(super) fn gate(facts: &Facts) -> Option<Objection> {
    facts.killed.map(|scope| Objection {
        code: Code::KillSwitch,
        measured: Measure::Absent,
        limit: Measure::Absent,
        age: Span::ZERO,
        change: Change::Rearm(scope),
    })
}
