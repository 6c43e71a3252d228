//! Option chains as a feed: contracts are listed when they are first worth it, all that are listed are quoted, and
//! then the picture is whole. Recorded ones come from files, modeled ones from the bars of their underlyings.
//!
//! Listed is what somebody may use: near the money, at most sixty days long, and so many. What is listed stays
//! quoted until it expires, since somebody may hold it.

pub mod modeled;
pub mod recorded;

use crate::calendar::{session_from, session_of};
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::{Hours, Instrument, Kind as Sort};
use nija_core::words::money::Price;
use nija_core::words::time::{Span, Timestamp};
use nija_market::chain::{Root, Terms};
use nija_market::options::Right;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Longest life of a contract that is listed, days.
pub const LONGEST: i32 = 60;
/// Contracts of one underlying that may be listed at once.
pub const MOST_LISTED: usize = 1_000;
/// The first number of a contract: those below belong to the catalog.
const FIRST: u32 = 0x1000_0000;
/// Shares per contract.
const MULTIPLIER: u32 = 100;

/// What tells contracts apart.
type Key = (InstrumentId, i32, i64, bool);

/// Gives contracts their numbers in the catalog. A contract keeps its number, and none is given twice.
#[derive(Clone, Debug)]
pub struct Numbers(Arc<Mutex<(BTreeMap<Key, InstrumentId>, u32)>>);

impl Numbers {
    /// Goes on behind the contracts that desks have listed before, and behind the highest number they ever heard.
    pub fn after<'a>(listed: impl IntoIterator<Item = &'a Instrument>, last: InstrumentId) -> Self {
        let mut known = BTreeMap::new();
        let mut next = FIRST.max(last.0.saturating_add(1));
        for row in listed {
            if let Sort::Option { underlying, right, strike, expiry, .. } = row.kind {
                known.insert(key(underlying, expiry.day(Span::ZERO), (right, strike)), row.id);
                next = next.max(row.id.0.saturating_add(1));
            }
        }
        Self(Arc::new(Mutex::new((known, next))))
    }

    fn of(&self, key: Key) -> InstrumentId {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, next) = &mut *inner;
        *known.entry(key).or_insert_with(|| {
            let id = InstrumentId(*next);
            *next = next.saturating_add(1);
            id
        })
    }

    /// Forgets what has expired: its number is not given again.
    fn forget(&self, before: i32) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.0.retain(|key, _| key.1 >= before);
    }
}

const fn key(underlying: InstrumentId, day: i32, (right, strike): (Right, Price)) -> Key {
    (underlying, day, strike.raw(), matches!(right, Right::Call))
}

/// A share with options.
#[derive(Clone, Copy, Debug)]
pub struct Underlying {
    /// Its number in the catalog.
    pub instrument: InstrumentId,
    /// Its ticker, as it stands in the symbols of its contracts.
    pub root: Root,
}

impl Underlying {
    /// A share or fund of New York; none for anything else, or where its ticker is no root of symbols.
    #[must_use]
    pub fn of(row: &Instrument) -> Option<Self> {
        let is_share = matches!(row.kind, Sort::Share | Sort::Fund) && row.hours == Hours::Nyse;
        let root = Root::of(&row.symbol).filter(|_| is_share)?;
        Some(Self { instrument: row.id, root })
    }
}

/// The contracts of one underlying that are listed.
struct Listed {
    of: Underlying,
    numbers: Numbers,
    contracts: BTreeMap<(i32, i64, bool), Terms>,
}

impl Listed {
    const fn new(of: Underlying, numbers: Numbers) -> Self {
        Self { of, numbers, contracts: BTreeMap::new() }
    }

    fn find(&self, day: i32, right: Right, strike: Price) -> Option<&Terms> {
        self.contracts.get(&(day, strike.raw(), right == Right::Call))
    }

    /// Lists a contract that expires at the end of this day's session; none where there is no session or no room.
    fn list(&mut self, day: i32, right: Right, strike: Price) -> Option<Terms> {
        let session = session_of(Hours::Nyse, day)?;
        if self.contracts.len() >= MOST_LISTED {
            return None;
        }
        let Underlying { instrument: underlying, root } = self.of;
        let id = self.numbers.of(key(underlying, day, (right, strike)));
        let (multiplier, expiry) = (MULTIPLIER, session.close_at);
        let terms = Terms { id, root, underlying, right, strike, multiplier, expiry };
        self.contracts.insert((day, strike.raw(), right == Right::Call), terms);
        Some(terms)
    }

    /// Forgets what has expired by now.
    fn expire(&mut self, now: Timestamp) {
        self.contracts.retain(|_, terms| terms.expiry > now);
        self.numbers.forget(now.day(Span::ZERO));
    }
}

/// The last instant of a day's session; none where there is none.
fn closing(day: i32) -> Option<Timestamp> {
    session_of(Hours::Nyse, day).map(|session| session.close_at.plus(Span(-1)))
}

/// Day of the session in which what is decided at `at` trades.
fn next_session(at: Timestamp) -> Option<i32> {
    let session = session_from(Hours::Nyse, at.plus(Span(1)))?;
    Some(session.open_at.day(Span::ZERO))
}

#[cfg(test)]
mod tests;
