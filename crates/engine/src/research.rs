//! Research: a strategy on its own, without account rules (decision 0020). One instrument, one rule, exact money,
//! long and short, at the prices and fees of the simulated venue; no desk, no tiers, no journal.
//!
//! What it promises: a wish of one close is filled at the next open and never earlier, unless the plan's
//! [`manner`](manner::Manner) is that of an engine which does; the books balance; equal inputs give equal results.
//! What it leaves out on purpose: orders that rest, partial fills, borrowing costs.

pub mod books;
pub mod chart;
pub mod manner;
pub mod portfolio;
pub mod record;

use manner::Moment;
use nija_core::words::money::{Money, Price};
use nija_core::words::time::Timestamp;
use nija_market::candle::Candle;
use nija_market::teaching::{Rule, Stand};
use portfolio::{Plan, Portfolio};
use record::{Keep, Record};

/// One rule over one series of candles.
#[derive(Clone, Debug)]
pub struct Run<R> {
    rule: R,
    portfolio: Portfolio,
    record: Record,
    wish: Option<Stand>,
    /// Volume of the candle before: the newest that is known at an open.
    volume: f64,
    ruined: Option<Timestamp>,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its books.
    pub portfolio: Portfolio,
    /// What was noted on the way.
    pub record: Record,
    /// Cash and the position at the last close; none beyond the range of money.
    pub equity: Option<Money>,
    /// When nothing was left and trading stopped for good.
    pub ruined: Option<Timestamp>,
}

impl<R: Rule> Run<R> {
    /// A run that has seen nothing.
    #[must_use]
    pub fn new(rule: R, plan: Plan, keep: Keep) -> Self {
        let record = Record::new(plan.cash, keep);
        Self {
            rule,
            portfolio: Portfolio::new(plan),
            record,
            wish: None,
            volume: 0.0,
            ruined: None,
        }
    }

    /// Shows the rule a candle that lies before the run: it is read and nothing is traded.
    pub fn warm(&mut self, candle: &Candle) {
        self.rule.on_candle(candle);
        self.volume = candle.volume;
    }

    /// Takes the next candle: its open fills what was wished at the close before, then its close is shown to the rule.
    pub fn on_candle(&mut self, candle: &Candle) {
        if let Some(stand) = self.wish.take() {
            self.go(stand, candle.open_at, candle.open);
        }
        self.volume = candle.volume;
        let wish = match self.rule.on_candle(candle) {
            _ if self.ruined.is_some() => None,
            // Nobody lends to somebody who owns nothing: what is open is closed, and that is the end.
            _ if self.record.equity(candle.close) <= 0.0 => {
                self.ruined = Some(candle.close_at);
                Some(Stand::Flat)
            }
            wish => wish,
        };
        match (self.portfolio.plan().manner.moment, wish) {
            (Moment::SignalClose, Some(stand)) => self.go(stand, candle.close_at, candle.close),
            (_, wish) => self.wish = wish,
        }
        self.record.close(candle);
    }

    /// Goes where a wish says.
    fn go(&mut self, stand: Stand, at: Timestamp, market: Price) {
        if !self.portfolio.follows(stand) {
            let change = self.portfolio.stand(stand, market, self.volume);
            self.record.traded(at, &change, &self.portfolio);
        }
    }

    /// Leaves the position at the open of a candle that belongs to the run no more.
    pub fn leave(&mut self, candle: &Candle) {
        if !self.portfolio.stands(Stand::Flat) {
            self.go(Stand::Flat, candle.open_at, candle.open);
            self.record.left();
        }
        self.wish = None;
    }

    /// Ends the run. What is still open stays open and counts at the last close.
    #[must_use]
    pub fn finish(mut self) -> Outcome {
        self.record.finish();
        let equity = match self.record.last_close() {
            Some(close) => self.portfolio.equity(close),
            None => Some(self.portfolio.cash()),
        };
        let Self { portfolio, record, ruined, .. } = self;
        Outcome { portfolio, record, equity, ruined }
    }
}

#[cfg(test)]
mod tests;
