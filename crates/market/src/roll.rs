//! Families of contracts: the months of one future, one after the other, read as one series.
//!
//! Which month is in front is decided at daily closes, by what is known there: the next one takes over once more of it
//! was traded than of the front month at [`CROSSED`] closes in a row, and at the latest [`LATEST`] before the front
//! month ends. It does so at a close of both, so that their prices can be joined; not where a strategy has just
//! spoken about the series, for an order cannot move before it has met the market.
//!
//! Prices are joined by ratio and forwards: from a roll on, those of the new month count times what the old one's close
//! was in the new one's. Nothing that was read is changed later. At every instant this is the series that is adjusted
//! backwards from there, times one number, and whoever looks at returns decides the same on both.

use crate::candle::{Candle, Timeframe};
use crate::clamp;
use crate::engine::{Contract, Want};
use nija_core::words::id::InstrumentId;
use nija_core::words::money::Price;
use nija_core::words::signal::{Action, Signal};
use nija_core::words::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many closes in a row the next month must have been traded more.
pub const CROSSED: u32 = 2;
/// So long before its end the front month is left in any case: five sessions, two before strategies leave a contract
/// that has no next month.
pub const LATEST: Span = Span(7 * Span::DAY.0);

/// The months of one contract. Strategies know all of them by the number of the first one to end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Family {
    /// All of them.
    pub months: Vec<Contract>,
}

/// What a close led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rolled {
    /// The series, and when the month that is now in front ends.
    pub(crate) front: Contract,
    /// The months that are left and taken up.
    pub(crate) from: InstrumentId,
    pub(crate) into: InstrumentId,
    /// Close of the one taken up.
    pub(crate) mark: Price,
    /// Can positions move? Not out of a month that is over.
    pub(crate) moves: bool,
}

/// All families.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rolls {
    chains: Vec<Chain>,
    /// Where each month stands: its family and its place there.
    places: BTreeMap<InstrumentId, (usize, usize)>,
}

/// One family as it stands.
#[derive(Clone, Debug)]
struct Chain {
    months: Vec<Month>,
    front: usize,
    /// What the front month's prices are multiplied by.
    factor: f64,
    /// Closes in a row at which the next month was traded more.
    crossed: u32,
    /// The last close that was looked at.
    judged: Timestamp,
    /// When a strategy spoke about it last.
    spoke: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct Month {
    contract: Contract,
    last: Option<Candle>,
}

impl Rolls {
    /// Families that nothing is known of yet. Empty ones are none.
    pub(crate) fn new(families: &[Family]) -> Self {
        let mut rolls = Self::default();
        for family in families.iter().filter(|family| !family.months.is_empty()) {
            let mut months = family.months.clone();
            months.sort_by_key(|month| month.expiry);
            for (n, month) in months.iter().enumerate() {
                rolls.places.insert(month.instrument, (rolls.chains.len(), n));
            }
            let months = months.into_iter().map(|contract| Month { contract, last: None });
            rolls.chains.push(Chain {
                months: months.collect(),
                front: 0,
                factor: 1.0,
                crossed: 0,
                judged: Timestamp(i64::MIN),
                spoke: Timestamp(i64::MIN),
            });
        }
        rolls
    }

    /// The streams behind a stream: of a series those of all its months, and their days.
    pub(crate) fn wants(&self, want: Want) -> Vec<Want> {
        let Some((chain, 0)) = self.places.get(&want.instrument).copied() else {
            return vec![want];
        };
        let months = self.chains[chain].months.iter().map(|month| month.contract.instrument);
        let both = [want.timeframe, Timeframe::Day1];
        let each = |instrument| both.map(|timeframe| Want { instrument, timeframe });
        months.flat_map(each).collect()
    }

    /// What strategies read of a candle: itself, or of a front month the series; nothing of another month.
    pub(crate) fn read(&self, candle: &Candle) -> Option<Candle> {
        let Some(&(chain, month)) = self.places.get(&candle.instrument) else {
            return Some(*candle);
        };
        let chain = &self.chains[chain];
        let scaled = |price| clamp::price(clamp::dollars(price) * chain.factor);
        (month == chain.front).then_some(())?;
        Some(Candle {
            instrument: chain.series(),
            open: scaled(candle.open)?,
            high: scaled(candle.high)?,
            low: scaled(candle.low)?,
            close: scaled(candle.close)?,
            ..*candle
        })
    }

    /// Turns what was said about a series into what it means of this candle's month.
    pub(crate) fn say(&mut self, signal: &mut Signal, candle: &Candle) {
        let Some(&(chain, _)) = self.places.get(&candle.instrument) else {
            return;
        };
        let chain = &mut self.chains[chain];
        chain.spoke = signal.at;
        (signal.instrument, signal.mark) = (candle.instrument, candle.close);
        if let Action::Enter { stop, .. } | Action::Short { stop, .. } = &mut signal.action {
            *stop = stop.and_then(|stop| clamp::price(clamp::dollars(stop) / chain.factor));
        }
    }

    /// Takes the close of a day, which is known now; another month may have come to the front.
    pub(crate) fn on_day(&mut self, candle: &Candle, now: Timestamp) -> Option<Rolled> {
        let (chain, month) = *self.places.get(&candle.instrument)?;
        self.chains[chain].on_day(month, candle, now)
    }
}

impl Chain {
    fn series(&self) -> InstrumentId {
        self.months[0].contract.instrument
    }

    fn on_day(&mut self, month: usize, candle: &Candle, now: Timestamp) -> Option<Rolled> {
        self.months[month].last = Some(*candle);
        let Month { contract: Contract { expiry, .. }, last: old } = self.months[self.front];
        let new = self.months.get(self.front + 1)?.last?;
        if candle.close_at > expiry {
            // What is over has no close to come; its last one must do.
            return old.map(|old| self.join(&old, &new, false));
        }
        let old = old.filter(|old| old.close_at == new.close_at && new.close_at > self.judged)?;
        self.judged = new.close_at;
        self.crossed = if new.volume > old.volume { self.crossed.saturating_add(1) } else { 0 };
        let is_due = self.crossed >= CROSSED || expiry.since(new.close_at) <= LATEST;
        (is_due && self.spoke != now).then(|| self.join(&old, &new, true))
    }

    /// Brings the next month to the front.
    fn join(&mut self, old: &Candle, new: &Candle, moves: bool) -> Rolled {
        let ratio = old.close_f64() / new.close_f64();
        // Oil once cost less than nothing.
        if ratio.is_finite() && ratio > 0.0 {
            self.factor *= ratio;
        }
        self.front += 1;
        self.crossed = 0;
        let expiry = self.months[self.front].contract.expiry;
        Rolled {
            front: Contract { instrument: self.series(), expiry },
            from: old.instrument,
            into: new.instrument,
            mark: new.close,
            moves,
        }
    }
}
