//! What is looked at once a day: the equity of every account, and the regime.

use crate::statistics::Point;
use nija_core::desk::answer::{Query, View};
use nija_core::words::conditions::Regime;
use nija_core::words::fixed::SCALE;
use nija_core::words::id::AccountId;
use nija_core::words::money::Money;
use nija_core::words::signal::StrategyName;
use nija_core::words::time::{Span, Timestamp};
use nija_engine::feeds::{Kind, MarketEvent};
use nija_engine::partitions::Partitions;
use nija_market::engine::Routes;
use std::collections::BTreeMap;

/// Looks at all accounts at the end of each day. A bar that ends at midnight belongs to the day
/// before.
pub(super) struct Days {
    pub(super) accounts: Vec<AccountId>,
    /// Are days without events days, too?
    every_day: bool,
    today: i32,
    /// One curve per account.
    pub(super) curves: Vec<Vec<Point>>,
    /// Days by regime.
    pub(super) regimes: BTreeMap<&'static str, u32>,
    /// The regime that began on a day.
    pub(super) bands: Vec<(i32, &'static str)>,
    /// Days at whose end the regime shut the door of a strategy.
    pub(super) shut: BTreeMap<&'static str, u32>,
}

impl Days {
    /// From the day of this instant on.
    pub(super) fn new(accounts: Vec<AccountId>, first: Timestamp, every_day: bool) -> Self {
        let curves = accounts.iter().map(|_| Vec::new()).collect();
        let (today, bands) = (first.day(Span::ZERO), Vec::new());
        let (regimes, shut) = (BTreeMap::new(), BTreeMap::new());
        Self { accounts, every_day, today, curves, regimes, bands, shut }
    }

    /// The day that an event begins, where it begins one; to be asked before the event is taken.
    pub(super) fn begun_by(&self, event: &MarketEvent) -> Option<i32> {
        let at = match event.kind {
            Kind::BarClosed(_) => event.at.plus(Span(-1)),
            _ => event.at,
        };
        Some(at.day(Span::ZERO)).filter(|day| *day > self.today)
    }

    /// Begins a day.
    pub(super) fn pass(&mut self, day: i32, desks: &Partitions) {
        self.close(desks);
        if self.every_day {
            (self.today + 1..day).for_each(|silent| self.note(silent, desks));
        }
        self.today = day;
    }

    /// Ends the day at hand.
    pub(super) fn close(&mut self, desks: &Partitions) {
        self.note(self.today, desks);
    }

    fn note(&mut self, day: i32, desks: &Partitions) {
        for (account, curve) in self.accounts.iter().zip(&mut self.curves) {
            if let View::Account(view) = desks.query(&Query::Account(*account)) {
                // What contracts hold back is invested, although nobody has paid it.
                let cash = number(view.cash.saturating_sub(view.margin));
                curve.push(Point { day, equity: number(view.equity), cash });
            }
        }
        if let View::Market(view) = desks.query(&Query::Market) {
            let now = view.conditions.unwrap_or_default();
            let is_shut = |strategy: &StrategyName| !Routes::default().admits(*strategy, &now);
            for strategy in StrategyName::ALL.into_iter().filter(is_shut) {
                *self.shut.entry(strategy.name()).or_default() += 1;
            }
            let regime = now.regime;
            let name = regime.map_or("unknown", Regime::name);
            *self.regimes.entry(name).or_default() += 1;
            if self.bands.last().is_none_or(|(_, before)| *before != name) {
                self.bands.push((day, name));
            }
        }
    }

    /// Equity of every account now.
    pub(super) fn finals(&self, desks: &Partitions) -> Vec<Money> {
        let equity = |account: &AccountId| match desks.query(&Query::Account(*account)) {
            View::Account(view) => view.equity,
            _ => Money::ZERO,
        };
        self.accounts.iter().map(equity).collect()
    }
}

/// Dollars as a float, for ratios only.
pub(super) fn number(money: Money) -> f64 {
    money.raw() as f64 / SCALE as f64
}
