//! An account over a calendar month, exactly as the journal has it: how it stood at both ends, what happened
//! between, and what everything was worth when each day began.

use crate::desk::event::Event;
use crate::ledger::holdings::{Holdings, Traded};
use crate::words::id::{AccountId, AccountNo, InstrumentId};
use crate::words::instrument::Instrument;
use crate::words::money::Price;
use crate::words::tier::Tier;
use crate::words::time::{Span, Timestamp};
use std::collections::BTreeMap;

/// Most events of one account in a month that are told.
pub const LINES_MAX: usize = 100_000;

/// Which months there are, counted from January 1970 (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Months {
    /// The month in which the account began.
    pub first: i32,
    /// The month that is not over.
    pub last: i32,
}

/// An account over a month.
#[derive(Clone, Debug)]
pub struct AccountMonth {
    /// Its id.
    pub id: AccountId,
    /// Its number in its partition.
    pub no: AccountNo,
    /// First instant of the month, or when the account began in it.
    pub from: Timestamp,
    /// The first instant behind it; of a month that is not over, how far it is told.
    pub to: Timestamp,
    /// Is it over?
    pub is_over: bool,
    /// The tier at its end.
    pub tier: Tier,
    /// How it stood when the month began.
    pub opening: Holdings,
    /// How it stood when it ended. Fees that fell due with the end are taken already.
    pub closing: Holdings,
    /// What moved its money, its positions or its mark, in order.
    pub lines: Vec<Line>,
    /// What everything was worth: at the beginning, when each day began, at the end.
    pub prices: Vec<Prices>,
    /// What is named, by number.
    pub instruments: BTreeMap<InstrumentId, Instrument>,
}

/// Something that happened to an account.
#[derive(Clone, Debug)]
pub struct Line {
    /// When.
    pub at: Timestamp,
    /// The event.
    pub event: Event,
    /// What a fill traded.
    pub traded: Option<Traded>,
}

/// Prices at an instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prices {
    /// When.
    pub at: Timestamp,
    /// By instrument, where there was one.
    pub of: BTreeMap<InstrumentId, Price>,
}

/// Why a month cannot be told: more than [`LINES_MAX`] events of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more happened in this month than a statement can list; ask for the entries instead")]
pub struct TooMuch;

/// The instants between two others at which a day (UTC) begins, both ends apart.
pub fn days(from: Timestamp, to: Timestamp) -> impl Iterator<Item = Timestamp> {
    let first = from.day(Span::ZERO).saturating_add(1);
    let days = (first..).map(|day| Timestamp::of_day(day, Span::ZERO));
    days.take_while(move |at| *at < to)
}
