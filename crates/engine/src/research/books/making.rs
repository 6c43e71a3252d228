//! Market making at one venue: the model's quotes rest as post-only orders, one a side, and move by cancel and new
//! order, each of which takes its latency. A new quote goes out once the old one is known to be gone, so inventory is
//! never beyond its bounds. Fills are heard of as they happen.

use super::parts::{Parts, Split, worth};
use super::{Meant, Plan, Told, Venues};
use crate::feeds::{Kind, MarketEvent};
use nija_core::words::fixed::SCALE;
use nija_core::words::id::OrderId;
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::Side;
use nija_core::words::time::Timestamp;
use nija_market::book::{Fill, LOST, Level};
use nija_market::engine::crypto::{MakingParameters, MarketMaking, Quotes};
use nija_market::engine::{Model, Seen};

const SIDES: [Side; 2] = [Side::Buy, Side::Sell];

/// A quote at the venue or on its way.
#[derive(Clone, Copy, Debug)]
struct Resting {
    order: OrderId,
    price: Price,
    leaving: bool,
}

/// A run.
pub struct Making {
    venues: Venues,
    model: MarketMaking,
    wanted: [Option<Level>; 2],
    resting: [Option<Resting>; 2],
    parts: Parts,
    opening: Qty,
    cash: Money,
    /// Twice the middle: the first and the last one known.
    middles: Option<(i128, i128)>,
    seen_at: Option<Timestamp>,
    counts: Counts,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Quotes sent.
    pub orders: u64,
    /// Quotes taken back.
    pub cancels: u64,
    /// Quotes that ended unfilled although nobody took them back: they would have taken.
    pub crossed: u64,
    /// Least and most units held.
    pub inventory: (Qty, Qty),
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Cash and units at the first middle.
    pub start: Money,
    /// Cash and units at the last middle.
    pub end: Money,
    /// What trading earned before fees, by its causes.
    pub split: Split,
    /// What the units that were there from the beginning gained or lost.
    pub opening: Money,
    /// The balances.
    pub account: super::account::Account,
    /// What was done.
    pub counts: Counts,
    /// Orders that the balances did not bear.
    pub refused: u64,
    /// Fills, also those that are not kept.
    pub fills: u64,
    /// The first of them.
    pub dealt: Vec<super::Dealt>,
}

impl Making {
    /// A run that has seen nothing. The units of the plan are the middle of the inventory, which the model counts from;
    /// the bounds in the parameters are bounds of what is held.
    #[must_use]
    pub fn new(plan: &Plan, parameters: MakingParameters) -> Self {
        let opening = plan.units.raw() as f64 / SCALE as f64;
        let parameters = MakingParameters {
            least_inventory: parameters.least_inventory.max(0.0) - opening,
            most_inventory: parameters.most_inventory - opening,
            ..parameters
        };
        let counts = Counts { inventory: (plan.units, plan.units), ..Counts::default() };
        Self {
            venues: Venues::new(std::slice::from_ref(plan)),
            model: MarketMaking::new(plan.instrument.id, 0, 0.0, parameters),
            wanted: [None; 2],
            resting: [None; 2],
            parts: Parts::default(),
            opening: plan.units,
            cash: plan.cash,
            middles: None,
            seen_at: None,
            counts,
        }
    }

    /// Takes the events of one instant.
    pub fn on_step(&mut self, at: Timestamp, events: &[MarketEvent]) {
        if self.seen_at.is_some_and(|before| at.since(before) > LOST) {
            self.hear(&Seen::Lost(at));
        }
        self.seen_at = Some(at);
        if let Some((_, middle)) = self.middles {
            self.parts.pass(at, middle);
        }
        events.iter().for_each(|event| self.venues.on_market(event));
        self.settle();
        // What was hit is not sent again before the model has spoken.
        let shown = |event: &MarketEvent| !matches!(event.kind, Kind::Trade { .. });
        if events.iter().any(shown)
            && let Some(book) = self.venues.book(0, at, 1)
        {
            self.hear(&Seen::Book(book));
        }
        if let Some(middle) = self.venues.middle(0) {
            self.middles = Some((self.middles.map_or(middle, |(first, _)| first), middle));
        }
        SIDES.iter().for_each(|side| self.keep(*side, at));
        self.settle();
    }

    fn hear(&mut self, seen: &Seen) {
        if let Some(Quotes { bid, ask }) = self.model.see(seen) {
            self.wanted = [bid, ask];
        }
    }

    /// Takes what the venue says.
    fn settle(&mut self) {
        for told in self.venues.reports() {
            self.report(&told);
        }
    }

    fn report(&mut self, told: &Told) {
        let side = usize::from(told.side == Side::Sell);
        let ours = self.resting[side].filter(|resting| resting.order == told.order);
        if let Some(fill) = told.fill {
            let Told { place, is_last, at, .. } = *told;
            if let Some((_, middle)) = self.middles {
                self.parts.fill(told.side, (fill.price, fill.qty), middle, at);
            }
            let instrument = self.venues.venues[0].instrument.id;
            let (qty, price) = (fill.qty, fill.price);
            self.hear(&Seen::Fill(Fill {
                instrument,
                place,
                side: told.side,
                qty,
                price,
                is_last,
                at,
            }));
            let held = self.venues.venues[0].account.units();
            let (least, most) = self.counts.inventory;
            self.counts.inventory = (least.min(held), most.max(held));
        } else if ours.is_some_and(|resting| !resting.leaving) {
            self.counts.crossed += 1;
        }
        if told.is_last && ours.is_some() {
            self.resting[side] = None;
            if ours.is_some_and(|resting| !resting.leaving) {
                self.wanted[side] = None;
            }
        }
    }

    /// Brings what rests on a side to what is wanted there.
    fn keep(&mut self, side: Side, at: Timestamp) {
        let row = usize::from(side == Side::Sell);
        let wanted = self.wanted[row];
        match (&mut self.resting[row], wanted) {
            (Some(resting), _) if resting.leaving => {}
            (Some(resting), wanted) if wanted.is_none_or(|level| level.price != resting.price) => {
                resting.leaving = true;
                let order = resting.order;
                self.counts.cancels += 1;
                self.venues.cancel(order, at);
            }
            (None, Some(level)) => {
                let sent = self.venues.send(0, (side, Meant::Rest), level, at);
                self.counts.orders += u64::from(sent.is_some());
                self.resting[row] =
                    sent.map(|order| Resting { order, price: level.price, leaving: false });
                if sent.is_none() {
                    self.wanted[row] = None;
                }
            }
            _ => {}
        }
    }

    /// Ends the run; what is held counts at the last middle. None where no middle was ever known.
    #[must_use]
    pub fn finish(self) -> Option<Outcome> {
        let (first, last) = self.middles?;
        let account = self.venues.venues.first()?.account;
        let start = self.cash.saturating_add(worth(self.opening, first));
        let end = account.cash().saturating_add(worth(account.units(), last));
        Some(Outcome {
            start,
            end,
            split: self.parts.finish(last),
            opening: worth(self.opening, last - first),
            account,
            counts: self.counts,
            refused: self.venues.refused,
            fills: self.venues.fills,
            dealt: self.venues.dealt,
        })
    }
}
