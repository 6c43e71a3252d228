//! Chains that nobody recorded: the daily closes of a share say what its options would be quoted at by Black and
//! Scholes, at a volatility and a spread that are stated.
//!
//! Volatility is that of the last sessions, days after reports apart. Behind a report that is announced the price
//! holds a jump: a stated part of the median move at the last reports. Such a market knows no more than its own
//! past, so what a run over it shows is the cost and the working of a strategy, never its edge.

use super::{LONGEST, Listed, Numbers, Underlying, closing, next_session};
use crate::calendar::session_of;
use crate::feeds::error::Error;
use crate::feeds::{Feed, Kind, MarketEvent};
use nija_core::words::fixed::SCALE;
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::Hours;
use nija_core::words::money::{Price, Qty};
use nija_core::words::time::{Span, Timestamp};
use nija_market::candle::{Candle, Timeframe};
use nija_market::chain::Terms;
use nija_market::earnings::{Reactions, Report};
use nija_market::options::{Contract, Right};
use nija_market::rates::{Coming, Rate};
use std::collections::{BTreeMap, VecDeque};
use std::f64::consts::FRAC_PI_2;

/// Sessions whose moves say how volatile a share is.
const WINDOW: usize = 60;
/// As many are needed before its options are quoted.
const LEAST: usize = 20;
/// Sessions of a year.
const SESSIONS: f64 = 252.0;
/// A quote's size: whatever is asked for.
const SIZE: Qty = Qty::whole(10_000);

/// What is stated about a modeled market.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Ask less bid as a part of the middle.
    pub spread: f64,
    /// Expected move at a report that options hold, as a part of the median move at the last ones.
    pub jump: f64,
    /// Reports that say what is usual; with fewer, options hold no jump.
    pub reports: usize,
    /// Interest a year, as a fraction, until a rate is known.
    pub rate: f64,
}

/// One share.
struct Share {
    listed: Listed,
    close: Option<f64>,
    moves: VecDeque<f64>,
    reactions: Reactions,
}

/// A feed with the chains of some of its shares put in, each at the last instant of a session.
pub struct Modeled<F> {
    inner: F,
    settings: Settings,
    shares: BTreeMap<InstrumentId, Share>,
    /// Reports that nobody may know yet, the soonest last.
    calendar: Vec<Report>,
    rates: Coming,
    ahead: VecDeque<MarketEvent>,
    /// An event that was read and does not belong to the closes before it.
    next: Option<MarketEvent>,
}

impl<F: Feed> Modeled<F> {
    /// Puts in the chains of these shares.
    pub fn new(
        inner: F,
        settings: Settings,
        shares: &[Underlying],
        mut calendar: Vec<Report>,
        numbers: &Numbers,
    ) -> Self {
        calendar.sort_by_key(|report| std::cmp::Reverse(report.known_at));
        let share = |of: &Underlying| {
            let listed = Listed::new(*of, numbers.clone());
            let reactions = Reactions::new(settings.reports);
            (of.instrument, Share { listed, close: None, moves: VecDeque::new(), reactions })
        };
        let shares = shares.iter().map(share).collect();
        let rates = Coming::new(Vec::new());
        Self { inner, settings, shares, calendar, rates, ahead: VecDeque::new(), next: None }
    }

    /// Prices options at these rates, each once it is known.
    #[must_use]
    pub fn at_rates(mut self, rates: Vec<Rate>) -> Self {
        self.rates = Coming::new(rates);
        self
    }

    /// Reads on: a step of closes gets its chains in front, everything else stays as it is.
    fn fill(&mut self) -> Result<(), Error> {
        if !self.ahead.is_empty() {
            return Ok(());
        }
        let Some(first) = self.next.take().map_or_else(|| self.inner.next(), |e| Ok(Some(e)))?
        else {
            return Ok(());
        };
        let mut step = vec![first];
        while matches!(first.kind, Kind::BarClosed(_))
            && let Some(event) = self.inner.next()?
        {
            if event.at != first.at || !matches!(event.kind, Kind::BarClosed(_)) {
                self.next = Some(event);
                break;
            }
            step.push(event);
        }
        for event in &step {
            if let Kind::BarClosed(candle) = event.kind {
                self.close(&candle);
            }
        }
        self.ahead.extend(step);
        Ok(())
    }

    /// Quotes the chain of a share whose session ends with this candle.
    fn close(&mut self, candle: &Candle) {
        let day = candle.open_at.day(Span::ZERO);
        let at = closing(day).filter(|at| at.plus(Span(1)) == candle.close_at);
        let is_daily = candle.timeframe() == Some(Timeframe::Day1);
        let Some(at) = at.filter(|_| is_daily) else { return };
        while let Some(report) = self.calendar.pop_if(|report| report.known_at <= at) {
            if let Some(share) = self.shares.get_mut(&report.instrument) {
                let _ = share.reactions.hear(&report);
            }
        }
        while let Some(rate) = self.rates.next(at) {
            self.settings.rate = rate.yearly;
        }
        if let Some(share) = self.shares.get_mut(&candle.instrument)
            && let Some(volatility) = share.follow(candle)
        {
            share.quote(&self.settings, (at, day), (candle.close, volatility), &mut self.ahead);
        }
    }
}

impl Share {
    /// Volatility a year after this close; none before there is enough history.
    fn follow(&mut self, candle: &Candle) -> Option<f64> {
        let close = candle.close_f64();
        let before = self.close.replace(close);
        let is_reaction = self.reactions.follow(candle);
        if let Some(before) = before.filter(|_| !is_reaction) {
            self.moves.push_back((close / before).ln());
            if self.moves.len() > WINDOW {
                self.moves.pop_front();
            }
        }
        let squares: f64 = self.moves.iter().map(|log| log * log).sum();
        let volatility = (squares / self.moves.len() as f64 * SESSIONS).sqrt();
        (self.moves.len() >= LEAST && volatility > 0.0).then_some(volatility)
    }

    fn quote(
        &mut self,
        settings: &Settings,
        (at, day): (Timestamp, i32),
        (spot, volatility): (Price, f64),
        out: &mut VecDeque<MarketEvent>,
    ) {
        let Some(next_session) = next_session(at) else { return };
        self.listed.expire(at);
        for expiry in expiries(day) {
            for strike in strikes(spot) {
                for right in [Right::Call, Right::Put] {
                    if self.listed.find(expiry, right, strike).is_none()
                        && let Some(terms) = self.listed.list(expiry, right, strike)
                    {
                        out.push_back(MarketEvent { at, kind: Kind::Listed(terms) });
                    }
                }
            }
        }
        for terms in self.listed.contracts.values() {
            let middle = self.worth(terms, settings, (day, spot, volatility));
            let half = middle * settings.spread / 2.0;
            let (bid, ask) =
                (cents((middle - half).floor()), cents((middle + half).ceil().max(1.0)));
            let bid_qty = if bid.is_positive() { SIZE } else { Qty::ZERO };
            let kind = Kind::Quote { instrument: terms.id, bid, ask, bid_qty, ask_qty: SIZE };
            out.push_back(MarketEvent { at, kind });
        }
        let kind = Kind::Pictured { underlying: self.listed.of.instrument, spot, next_session };
        out.push_back(MarketEvent { at, kind });
    }

    /// What a contract is worth, in cents.
    fn worth(
        &self,
        terms: &Terms,
        settings: &Settings,
        (day, spot, volatility): (i32, Price, f64),
    ) -> f64 {
        let expiry = terms.expiry.day(Span::ZERO);
        let years = f64::from(expiry - day).max(0.25) / 365.0;
        let awaited = self.reactions.awaited().filter(|awaited| awaited.day < expiry);
        let expected = awaited.and_then(|_| self.reactions.usual()).unwrap_or(0.0) * settings.jump;
        // A normal jump of this expected size has this deviation.
        let jump = expected * FRAC_PI_2.sqrt();
        let contract = Contract {
            right: terms.right,
            spot: dollars(spot),
            strike: dollars(terms.strike),
            years,
            rate: settings.rate,
            dividend: 0.0,
        };
        100.0 * contract.price((volatility * volatility + jump * jump / years).sqrt())
    }
}

fn dollars(price: Price) -> f64 {
    price.raw() as f64 / SCALE as f64
}

fn cents(whole: f64) -> Price {
    Price::from_raw(whole.clamp(0.0, 1e9) as i64 * (SCALE / 100))
}

/// The last trading days of the monthly contracts that live for at most sixty days: third Fridays, or the day before
/// one that is a holiday.
fn expiries(day: i32) -> impl Iterator<Item = i32> {
    (day + 1..=day + LONGEST).filter_map(move |candidate| {
        // 1970-01-02 was a Friday.
        let is_friday = (candidate - 1).rem_euclid(7) == 0;
        let month = |day: i32| Timestamp::of_day(day, Span::ZERO).month();
        let is_third =
            month(candidate) == month(candidate - 14) && month(candidate) != month(candidate - 21);
        let open = |day: &i32| session_of(Hours::Nyse, *day).is_some();
        let last = [candidate, candidate - 1].into_iter().find(open);
        last.filter(|last| is_friday && is_third && *last > day)
    })
}

/// The strikes at the money: the nearest and its neighbors, in steps as exchanges set them.
fn strikes(spot: Price) -> [Price; 3] {
    let step = match spot.raw() / SCALE {
        ..25 => SCALE / 2,
        25..100 => SCALE,
        100..250 => SCALE / 2 * 5,
        _ => 5 * SCALE,
    };
    let nearest = (spot.raw() + step / 2) / step * step;
    [-1, 0, 1].map(|n| Price::from_raw((nearest + n * step).max(step)))
}

impl<F: Feed> Feed for Modeled<F> {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        self.fill()?;
        Ok(self.ahead.pop_front())
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        self.fill()?;
        Ok(self.ahead.front().map(|event| event.at))
    }
}
