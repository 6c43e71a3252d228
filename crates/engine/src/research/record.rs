//! What is noted of a research run: trades, the equity of each day, the deepest fall, candles for a chart.
//!
//! Bounded, however long the series: trades are listed up to a limit and counted beyond it. Floats are for
//! ratios; sums of money are exact.

use super::chart::Chart;
use super::portfolio::{Change, Fill, Portfolio};
use nija_core::words::fixed::SCALE;
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::Side;
use nija_core::words::time::{Span, Timestamp};
use nija_market::candle::Candle;

/// How much is kept for looking at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// Trades that are listed; those beyond are only counted.
    pub trades: usize,
    /// Candles for a chart; none for no chart.
    pub candles: usize,
}

/// A position from its first fill to its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// Bought first, or sold first.
    pub side: Side,
    /// How much.
    pub qty: Qty,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// At which price.
    pub entry: Price,
    /// When it was closed, and at which price; none while it is open.
    pub exit: Option<(Timestamp, Price)>,
    /// Fees so far.
    pub fees: Money,
    /// Profit after all fees; less the fee of the entry while it is open.
    pub profit: Money,
}

/// The end of one day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Day {
    /// Its number since 1970-01-01.
    pub day: i32,
    /// Cash and position at the last close of the day.
    pub equity: f64,
    /// Value of the position, its sign taken off.
    pub invested: f64,
}

/// Notes of one run.
#[derive(Clone, Debug)]
pub struct Record {
    keep: Keep,
    /// Closed trades, the first of them.
    pub trades: Vec<Trade>,
    /// The trade that is open.
    pub open: Option<Trade>,
    /// Trades that were closed.
    pub closed: u64,
    /// Those of them that earned something after fees.
    pub won: u64,
    /// What they earned, in units of 10^-8 dollars.
    pub gains: i128,
    /// What the others lost, above zero.
    pub losses: i128,
    /// Candles seen.
    pub bars: u64,
    /// Candles at whose close a position was held.
    pub bars_in: u64,
    /// The equity of each day with a candle.
    pub days: Vec<Day>,
    /// Deepest fall from a highest close, as a fraction of that close.
    pub deepest: f64,
    /// Longest time from a highest close to the next one, or to the end.
    pub longest: Span,
    /// Does some candle lie on a weekend?
    pub weekends: bool,
    /// First and last instant.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Candles for a chart.
    pub chart: Chart,
    cash: f64,
    units: f64,
    peak: f64,
    peak_at: Timestamp,
    day_ends: Timestamp,
    last: Option<Day>,
    close: Price,
}

fn number(raw: i64) -> f64 {
    raw as f64 / SCALE as f64
}

impl Record {
    pub(super) fn new(cash: Money, keep: Keep) -> Self {
        let start = number(cash.raw());
        Self {
            keep,
            trades: Vec::new(),
            open: None,
            closed: 0,
            won: 0,
            gains: 0,
            losses: 0,
            bars: 0,
            bars_in: 0,
            days: Vec::new(),
            deepest: 0.0,
            longest: Span::ZERO,
            weekends: false,
            span: None,
            chart: Chart::new(keep.candles),
            cash: start,
            units: 0.0,
            peak: start,
            peak_at: Timestamp::EPOCH,
            day_ends: Timestamp(i64::MIN),
            last: None,
            close: Price::ZERO,
        }
    }

    /// The last close that was seen.
    #[must_use]
    pub fn last_close(&self) -> Option<Price> {
        self.span.map(|_| self.close)
    }

    /// Notes what a wish led to.
    pub(super) fn traded(&mut self, at: Timestamp, change: &Change, portfolio: &Portfolio) {
        if let Some(fill) = &change.closed {
            self.end(at, fill);
        }
        if let Some(fill) = &change.opened {
            self.open = Some(Trade {
                side: fill.side,
                qty: fill.qty,
                opened_at: at,
                entry: fill.price,
                exit: None,
                fees: fill.fee,
                // Until it is closed: what came in or went out, so that the exit only has to be added.
                profit: fill.flow,
            });
        }
        self.cash = number(portfolio.cash().raw());
        self.units =
            number(portfolio.qty().raw()) * f64::from(portfolio.plan().instrument.multiplier());
    }

    fn end(&mut self, at: Timestamp, fill: &Fill) {
        let Some(mut trade) = self.open.take() else {
            return;
        };
        trade.exit = Some((at, fill.price));
        trade.fees = trade.fees.saturating_add(fill.fee);
        trade.profit = trade.profit.saturating_add(fill.flow).saturating_sub(trade.fees);
        self.closed += 1;
        if trade.profit.is_positive() {
            self.won += 1;
            self.gains += i128::from(trade.profit.raw());
        } else {
            self.losses -= i128::from(trade.profit.raw());
        }
        if self.trades.len() < self.keep.trades {
            self.trades.push(trade);
        }
    }

    /// Cash and the position at a price.
    pub(super) fn equity(&self, price: Price) -> f64 {
        self.cash + self.units * number(price.raw())
    }

    /// The highest equity at a close, or at the beginning.
    #[must_use]
    pub const fn peak(&self) -> f64 {
        self.peak
    }

    /// Notes a close.
    pub(super) fn close(&mut self, candle: &Candle) {
        if candle.open_at >= self.day_ends {
            self.begin_day(candle);
        }
        self.close = candle.close;
        let held = self.units * number(candle.close.raw());
        let equity = self.cash + held;
        self.bars += 1;
        self.bars_in += u64::from(self.units != 0.0);
        if equity >= self.peak {
            (self.peak, self.peak_at) = (equity, candle.close_at);
        } else {
            self.deepest = self.deepest.max(1.0 - equity / self.peak);
            self.longest = self.longest.max(candle.close_at.since(self.peak_at));
        }
        if let Some(day) = &mut self.last {
            (day.equity, day.invested) = (equity, held.abs());
        }
        if let Some((_, last)) = &mut self.span {
            *last = candle.close_at;
        }
        self.chart.take(candle);
    }

    fn begin_day(&mut self, candle: &Candle) {
        self.days.extend(self.last.take());
        let day = candle.open_at.day(Span::ZERO);
        self.day_ends = Timestamp::of_day(day.saturating_add(1), Span::ZERO);
        self.last = Some(Day { day, equity: 0.0, invested: 0.0 });
        // 1970-01-01 was a Thursday.
        self.weekends |= matches!((i64::from(day) + 3).rem_euclid(7), 5 | 6);
        if self.span.is_none() {
            self.span = Some((candle.open_at, candle.close_at));
            self.peak_at = candle.open_at;
        }
    }

    /// The last day ends with cash alone.
    pub(super) fn left(&mut self) {
        if let Some(day) = &mut self.last {
            (day.equity, day.invested) = (self.cash, 0.0);
        }
    }

    pub(super) fn finish(&mut self) {
        self.days.extend(self.last.take());
        if let Some(open) = &mut self.open {
            open.profit = Money::ZERO.saturating_sub(open.fees);
        }
    }
}
