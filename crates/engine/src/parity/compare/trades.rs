//! Why orders earned differently, order by order. What differs in a copy because the leader's order differs is laid at
//! the cause of that: a lead is no cause, somebody's fill is.

use super::pairs::{self, Led, Orders, Pair};
use super::{Count, OrderGap, SAME};
use crate::parity::parts::{Cause, Judge, Parts, earned};
use crate::parity::story::{Order, Story, Whose};
use nija_core::copy::lead::CopySkip;
use nija_core::words::id::{AccountId, InstrumentId};
use nija_core::words::instrument::Instrument;
use nija_core::words::money::Qty;
use nija_core::words::order::OrderType;
use nija_core::words::time::Timestamp;
use std::collections::BTreeMap;

/// Why an order that others copy differs.
#[derive(Clone, Copy)]
struct Blame {
    /// Why other quantities of it were filled; none where they are the same.
    short: Option<Cause>,
    /// Why it was filled at another time.
    waited: Cause,
    /// All that is laid somewhere.
    parts: Parts,
}

/// Orders of both runs, judged one after the other.
pub(super) struct Trades<'a> {
    paper: &'a Story,
    rerun: &'a Story,
    data: &'a [(InstrumentId, Timestamp)],
    /// By account.
    pub(super) gaps: BTreeMap<AccountId, Parts>,
    /// By owner: gates look at all accounts of one.
    owners: BTreeMap<AccountId, Parts>,
    blames: BTreeMap<Led, Blame>,
    /// Those that earned differently, in order of time.
    pub(super) orders: Vec<OrderGap>,
    pub(super) fills: Count,
}

impl<'a> Trades<'a> {
    pub(super) fn of(
        paper: &'a Story,
        rerun: &'a Story,
        data: &'a [(InstrumentId, Timestamp)],
        pairs: &[Pair<'_>],
    ) -> Self {
        let (gaps, owners, blames) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let (orders, fills) = (Vec::new(), Count::default());
        let mut trades = Self { paper, rerun, data, gaps, owners, blames, orders, fills };
        for of in pairs::orders(paper, rerun, pairs) {
            trades.take(&of);
        }
        trades.orders.sort_by_key(|of| of.at);
        trades
    }

    fn take(&mut self, of: &Orders<'_>) {
        let Some(order) = of.first() else { return };
        let blame = self.judge(of);
        let parts = blame.parts;
        let traded = |of: Option<&Order>| of.is_some_and(|order| !order.fills.is_empty());
        let both = (traded(of.paper), traded(of.rerun));
        if both != (false, false) {
            let alike = of.paper.zip(of.rerun).is_some_and(|(a, b)| is_alike(a, b));
            self.fills.add(both, alike);
        }
        if !parts.is_zero() {
            let filled = |of: Option<&Order>| of.map(Order::filled).unwrap_or_default();
            let (at, subject, id) = (order.ticket.at, of.subject, order.ticket.id);
            let filled = (filled(of.paper), filled(of.rerun));
            self.orders.push(OrderGap { at, subject, order: id, filled, parts });
        }
        self.gaps.entry(order.account).or_default().add_all(&parts);
        self.owners.entry(self.owner(order.account)).or_default().add_all(&parts);
        self.blames.extend(Led::of(of.paper, of.rerun).map(|led| (led, blame)));
    }

    fn owner(&self, account: AccountId) -> AccountId {
        self.paper.accounts.get(&account).map_or(account, |who| who.owner())
    }

    /// Why an order is of another size, or in one run only: it follows from what went before.
    fn sized(&self, of: &Orders<'_>, order: &Order) -> Cause {
        let led = of.led.and_then(|led| self.blames.get(&led));
        if let Some(cause) = led.and_then(|led| led.short) {
            return cause;
        }
        match of.skipped {
            // Of the same fill it was heard too late, or when the market had moved.
            Some(CopySkip::Late) => return Cause::Latency,
            Some(CopySkip::Slippage) => {
                return led.and_then(|led| led.parts.largest()).unwrap_or(Cause::Latency);
            }
            _ => {}
        }
        let differs = || self.data.iter().any(|(_, at)| *at <= order.ticket.at);
        let first = || if differs() { Cause::Data } else { Cause::Decision };
        self.so_far(order.account).unwrap_or_else(first)
    }

    /// The largest cause so far of an owner's accounts, else of whom it copies.
    fn so_far(&self, account: AccountId) -> Option<Cause> {
        let largest = |of: AccountId| self.owners.get(&of).and_then(Parts::largest);
        let copies = self.paper.accounts.get(&account).and_then(|who| who.copies);
        largest(self.owner(account)).or_else(|| largest(copies?.leader))
    }

    /// Why it met the market at another time, or not at all.
    fn waited(&self, of: &Orders<'_>, order: &Order) -> Cause {
        let id = order.ticket.instrument;
        let both = || [of.paper, of.rerun].into_iter().flatten();
        let led = of.led.and_then(|led| self.blames.get(&led));
        if let (Some(one), Some(other)) = (of.paper, of.rerun)
            && one.ticket.at.since(other.ticket.at).0.abs() > SAME.0
            && of.subject.whose == Whose::Copy
        {
            // Without a lead it is sold because copying stopped, which follows from what went before.
            let first = || self.so_far(order.account).unwrap_or(Cause::Latency);
            return led.map_or_else(first, |led| led.waited);
        }
        let last = both().filter_map(Order::first).max();
        let near = order.ticket.at..=last.unwrap_or(order.ticket.at).plus(SAME);
        let differs = self.data.iter().any(|(of, at)| *of == id && near.contains(at));
        // Who was filled in parts waited for room; so did who takes any price and stood there when the other traded.
        let parts = |order: &Order| order.fills.len() > 1 || order.filled() < order.ticket.qty;
        let in_parts = !both().any(is_missed) && both().any(parts);
        let met = of.rerun.and_then(Order::first);
        let takes = |order: &&Order| matches!(order.ticket.order_type, OrderType::Market);
        let there = of.paper.filter(takes).and_then(|order| order.there);
        let stood = there.zip(met).is_some_and(|(at, met)| at < met);
        match (differs, in_parts || stood) {
            (true, _) => Cause::Data,
            (false, true) => Cause::Partial,
            (false, false) => Cause::Latency,
        }
    }

    fn judge(&self, of: &Orders<'_>) -> Blame {
        let (mut parts, mut short) = (Parts::default(), None);
        let Some(order) = of.first() else {
            return Blame { short, waited: Cause::Decision, parts };
        };
        let (paper, rerun, id) = (self.paper, self.rerun, order.ticket.instrument);
        let (sized, waited) = (self.sized(of, order), self.waited(of, order));
        let missed = [of.paper, of.rerun].into_iter().flatten().any(is_missed);
        let judge = Judge {
            paper: &|at| paper.shown(id, at),
            rerun: &|at| rerun.shown(id, at),
            last: paper.last(id).or_else(|| rerun.last(id)).unwrap_or_default(),
            multiplier: paper.instruments.get(&id).map_or(1, Instrument::multiplier),
            sized,
            short: if missed { waited } else { Cause::Partial },
            waited,
        };
        match (of.paper, of.rerun) {
            (Some(one), Some(other)) => {
                parts = judge.parts(one, other);
                let is_short = quantities(one) != quantities(other);
                let is_sized = one.ticket.qty != other.ticket.qty;
                short = is_short.then_some(if is_sized { sized } else { judge.short });
            }
            _ => {
                let sign = if of.paper.is_some() { 1 } else { -1 };
                parts.add(sized, sign * earned(order, judge.last, judge.multiplier));
                short = (!is_missed(order)).then_some(sized);
            }
        }
        Blame { short, waited, parts }
    }
}

fn is_missed(order: &Order) -> bool {
    order.fills.is_empty()
}

fn quantities(order: &Order) -> Vec<Qty> {
    order.fills.iter().map(|(_, fill)| fill.qty).collect()
}

/// Was the same filled, at the same prices and fees?
fn is_alike(one: &Order, other: &Order) -> bool {
    let facts = |order: &Order| {
        let fill = order.fills.iter().map(|(_, fill)| (fill.qty, fill.price, fill.fee));
        fill.collect::<Vec<_>>()
    };
    facts(one) == facts(other)
}
