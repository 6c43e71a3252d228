//! Two stories of one span held against each other: decisions in pairs, orders in pairs, and the profits'
//! difference in parts.

mod pairs;
mod trades;

use super::parts::{Cause, Parts, STEP, earned, worth};
use super::rerun::Rerun;
use super::story::{Story, Subject, Verdict, Who, Whose};
use nija_core::words::id::{AccountId, InstrumentId, OrderId};
use nija_core::words::instrument::Instrument;
use nija_core::words::money::{Price, Qty};
use nija_core::words::time::{Span, Timestamp};
use pairs::Pair;
use std::collections::{BTreeMap, BTreeSet};
use trades::Trades;

/// What a live clock may differ from the market's, and still mean the same instant.
pub(super) const SAME: Span = Span::seconds(2);

/// How many were alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// In both runs, and alike.
    pub same: u64,
    /// In both, but not alike.
    pub differ: u64,
    /// In the paper run only.
    pub only_paper: u64,
    /// In the re-run only.
    pub only_rerun: u64,
}

impl Count {
    /// Is everything alike?
    #[must_use]
    pub const fn agrees(&self) -> bool {
        self.differ == 0 && self.only_paper == 0 && self.only_rerun == 0
    }
    fn add(&mut self, pair: (bool, bool), alike: bool) {
        match (pair, alike) {
            ((true, true), true) => self.same += 1,
            ((true, true), false) => self.differ += 1,
            ((true, false), _) => self.only_paper += 1,
            _ => self.only_rerun += 1,
        }
    }
}

/// A decision that is not the same in both.
#[derive(Clone, Copy, Debug)]
pub struct Difference {
    /// When.
    pub at: Timestamp,
    /// About what.
    pub subject: Subject,
    /// What the paper run decided.
    pub paper: Option<Verdict>,
    /// What the re-run decided.
    pub rerun: Option<Verdict>,
}

/// An order with which the runs earned differently.
#[derive(Clone, Copy, Debug)]
pub struct OrderGap {
    /// When it was approved.
    pub at: Timestamp,
    /// Whose, of what, for whom.
    pub subject: Subject,
    /// Its number in the paper run, or in the re-run where it is only there.
    pub order: OrderId,
    /// Filled in the paper run and in the re-run.
    pub filled: (Qty, Qty),
    /// Why.
    pub parts: Parts,
}

/// Profits of an account in the span.
#[derive(Clone, Copy, Debug)]
pub struct AccountGap {
    /// Who.
    pub who: Who,
    /// What the paper run earned, in units of 10^-16 dollars.
    pub paper: i128,
    /// What the backtest without hands earned, in the same.
    pub rerun: i128,
    /// Why they differ.
    pub parts: Parts,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Steps of the market.
    pub steps: u64,
    /// Signals that an account heard.
    pub signals: Count,
    /// Decisions, by what they are in the paper run, else in the re-run.
    pub decisions: BTreeMap<&'static str, Count>,
    /// Orders by what was filled, at which price and fee.
    pub fills: Count,
    /// Decisions that are not the same, in order of time.
    pub differences: Vec<Difference>,
    /// Orders that earned differently, in order of time.
    pub orders: Vec<OrderGap>,
    /// Accounts, sleeves among them, as they were opened at their desks.
    pub accounts: Vec<AccountGap>,
    /// Prices of the market that one of the runs did not have.
    pub data: Vec<(InstrumentId, Timestamp)>,
}

impl Report {
    /// Holds a paper run against the re-run with hands; `without` is the one without, where there were any.
    #[must_use]
    pub fn of(paper: &Story, rerun: &Rerun, without: Option<&Story>) -> Self {
        let mut report = Self { steps: rerun.steps, ..Self::default() };
        report.data = unlike(paper, rerun);
        let pairs = pairs::of(paper, &rerun.story);
        report.decide(&pairs);
        let trades = Trades::of(paper, &rerun.story, &report.data, &pairs);
        (report.fills, report.orders) = (trades.fills, trades.orders);
        let with = &rerun.story;
        let last = |id| paper.last(id).or_else(|| with.last(id)).unwrap_or_default();
        let own = |of: &Story| profits(of, &|id| of.last(id).unwrap_or_default());
        let (here, there, as_run) = (profits(paper, &last), profits(with, &last), own(with));
        let alone = without.map_or_else(|| as_run.clone(), own);
        let (not_here, not_there) = (missed(paper, &last), missed(with, &last));
        let everybody = paper.numbers.values().filter_map(|id| paper.accounts.get_key_value(id));
        for (account, who) in everybody {
            let of =
                |profits: &BTreeMap<AccountId, i128>| profits.get(account).copied().unwrap_or(0);
            let mut parts = trades.gaps.get(account).copied().unwrap_or_default();
            let charged = |of: &Story| of.charged.get(account).copied().unwrap_or_default();
            let charges = charged(with).saturating_sub(charged(paper));
            parts.add(Cause::Fee, i128::from(charges.raw()) * STEP);
            // What is held in the end is worth what the paper run's market says.
            parts.add(Cause::Data, of(&there) - of(&as_run));
            parts.add(Cause::Manual, of(&as_run) - of(&alone));
            let (earned, rerun) = (of(&here), of(&alone));
            // Contracts that ended were closed at a price of the market: what differs there follows from before.
            let settled = if report.data.is_empty() { Cause::Decision } else { Cause::Data };
            let settled = parts.largest().unwrap_or(settled);
            let missed = |of: &BTreeMap<AccountId, i128>| of.get(account).copied().unwrap_or(0);
            parts.add(settled, missed(&not_there) - missed(&not_here));
            debug_assert_eq!(parts.sum(), earned - rerun, "a difference without a cause");
            report.accounts.push(AccountGap { who: *who, paper: earned, rerun, parts });
        }
        report
    }

    /// Is every decision and every fill the same?
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.differences.is_empty() && self.fills.agrees() && self.signals.agrees()
    }

    /// All accounts together: what the paper run earned, what the re-run earned, and why they differ.
    #[must_use]
    pub fn total(&self) -> (i128, i128, Parts) {
        let mut total = (0, 0, Parts::default());
        for account in &self.accounts {
            total.0 += account.paper;
            total.1 += account.rerun;
            total.2.add_all(&account.parts);
        }
        total
    }

    /// Part of the decisions that are the same, in percent; none where there were none.
    #[must_use]
    pub fn agreement_pct(&self) -> Option<f64> {
        let all = |count: &Count| count.same + count.differ + count.only_paper + count.only_rerun;
        let sum: u64 = self.decisions.values().map(all).sum();
        let same: u64 = self.decisions.values().map(|count| count.same).sum();
        (sum > 0).then(|| 100.0 * same as f64 / sum as f64)
    }

    fn decide(&mut self, pairs: &[Pair<'_>]) {
        let mut signals: BTreeMap<_, (bool, bool)> = BTreeMap::new();
        for pair in pairs {
            let Some(first) = pair.paper.or(pair.rerun) else { continue };
            let both = (pair.paper.is_some(), pair.rerun.is_some());
            let [paper, rerun] = [pair.paper, pair.rerun].map(|of| of.map(|of| of.verdict));
            let alike = paper.zip(rerun).is_some_and(|(a, b)| a.agrees(&b));
            self.decisions.entry(first.verdict.kind()).or_default().add(both, alike);
            let (at, subject) = (pair.at(), first.subject);
            if let Whose::Strategy(strategy) = subject.whose {
                let heard = signals.entry((at, strategy, subject.instrument)).or_default();
                *heard = (heard.0 | both.0, heard.1 | both.1);
            }
            if !alike {
                self.differences.push(Difference { at, subject, paper, rerun });
            }
        }
        signals.into_values().for_each(|heard| self.signals.add(heard, true));
        self.differences.sort_by_key(|difference| difference.at);
    }
}

/// What positions would have earned until the end that were settled for good before, in units of 10^-16 dollars.
fn missed(story: &Story, last: &dyn Fn(InstrumentId) -> Price) -> BTreeMap<AccountId, i128> {
    let mut missed: BTreeMap<AccountId, i128> = BTreeMap::new();
    for &(account, id, qty, price) in &story.settled {
        let multiplier = story.instruments.get(&id).map_or(1, Instrument::multiplier);
        let rose = worth(qty, last(id).saturating_sub(price), multiplier);
        *missed.entry(account).or_default() += rose;
    }
    missed
}

/// What accounts earned in the span, their positions at these last prices, in units of 10^-16 dollars.
fn profits(story: &Story, last: &dyn Fn(InstrumentId) -> Price) -> BTreeMap<AccountId, i128> {
    let multiplier = |id| story.instruments.get(&id).map_or(1, Instrument::multiplier);
    let mut profits: BTreeMap<AccountId, i128> = BTreeMap::new();
    for order in story.orders.values() {
        let (id, account) = (order.ticket.instrument, order.account);
        *profits.entry(account).or_default() += earned(order, last(id), multiplier(id));
    }
    for (&(account, id), &qty) in &story.held {
        let before = story.marks.get(&id).and_then(|marks| marks.first_key_value());
        let before = before.and_then(|(_, prices)| prices.last()).copied().unwrap_or_default();
        let rose = worth(qty, last(id).saturating_sub(before), multiplier(id));
        *profits.entry(account).or_default() += rose;
    }
    for (account, missed) in missed(story, last) {
        *profits.entry(account).or_default() -= missed;
    }
    for (&account, charged) in &story.charged {
        *profits.entry(account).or_default() -= i128::from(charged.raw()) * STEP;
    }
    profits
}

/// Prices of bars that the paper run did not adopt, and prices it adopted that the market did not say.
fn unlike(paper: &Story, rerun: &Rerun) -> Vec<(InstrumentId, Timestamp)> {
    let mut unlike = BTreeSet::new();
    for &(id, at, price) in &rerun.bars {
        let marks = paper.marks.get(&id).into_iter();
        let mut near = marks.flat_map(|marks| marks.range(at..=at.plus(SAME)));
        // What is not listed has no price at a desk.
        if paper.instruments.contains_key(&id) && !near.any(|(_, of)| of.contains(&price)) {
            unlike.insert((at, id));
        }
    }
    for (&id, marks) in &paper.marks {
        for (&at, prices) in marks.range(paper.from..) {
            let from = at.plus(Span(-SAME.0));
            let said = |price: &Price| {
                let near = (id, from, Price::ZERO)..=(id, at, Price::MAX);
                rerun.said.range(near).any(|(_, _, of)| of == price)
            };
            if !prices.iter().all(said) {
                unlike.insert((at, id));
            }
        }
    }
    unlike.into_iter().map(|(at, id)| (id, at)).collect()
}
