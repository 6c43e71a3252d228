//! Arbitrage between two venues: both legs are sent at once, each to be filled where it arrives or to lapse, and what
//! one side filled and the other did not is hedged. Balances lie ready at both; only what is held is sold.

use super::parts::worth;
use super::{Dealt, Meant, Plan, Told, Venues};
use crate::feeds::{Kind, MarketEvent};
use crate::sim::fee::Fee as VenueFee;
use nija_core::words::fixed::{Round, SCALE};
use nija_core::words::id::InstrumentId;
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::Side;
use nija_core::words::time::Timestamp;
use nija_market::book::{Fill, LOST, Level};
use nija_market::engine::crypto::arbitrage::{Leg, Purse};
use nija_market::engine::crypto::{Arbitrage, ArbitrageParameters};
use nija_market::engine::{Model, Seen};

/// Levels of a side that the model looks at.
const DEEP: usize = 10;

/// What both places came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Legs {
    /// Trades whose legs were filled alike.
    pub whole: u64,
    /// Trades that needed hedges.
    pub hedged: u64,
    /// Trades of which nothing was filled.
    pub missed: u64,
    /// What the whole ones brought before fees.
    pub earned: Money,
    /// What the hedged ones brought before fees, hedges included.
    pub hedges: Money,
    /// Orders that hedged.
    pub hedge_orders: u64,
}

/// A trade under way: what its fills brought, and whether it was hedged.
#[derive(Clone, Copy, Debug, Default)]
struct Trade {
    open: u32,
    flow: Money,
    residual: i64,
    filled: bool,
    hedged: bool,
}

/// A run.
pub struct Crossings {
    venues: Venues,
    model: Arbitrage,
    instrument: InstrumentId,
    trade: Option<Trade>,
    legs: Legs,
    /// Twice the middles of both places: the first and the last ones known.
    middles: [Option<(i128, i128)>; 2],
    plans: [Plan; 2],
    seen_at: Option<Timestamp>,
    /// What answers orders that the balances did not bear: sent at the next step, so that it cannot go in a circle.
    deferred: Vec<Leg>,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Cash and units of both places, each at its own first middle.
    pub start: Money,
    /// The same at the last ones.
    pub end: Money,
    /// What trades brought before fees.
    pub legs: Legs,
    /// What the balances gained or lost in value beside.
    pub inventory: Money,
    /// Units bought less units sold.
    pub residual: Qty,
    /// The balances.
    pub accounts: [super::account::Account; 2],
    /// Orders that the balances did not bear.
    pub refused: u64,
    /// Fills, also those that are not kept.
    pub fills: u64,
    /// The first of them.
    pub dealt: Vec<Dealt>,
}

fn number(raw: i64) -> f64 {
    raw as f64 / SCALE as f64
}

/// What a taker pays at a venue, as a fraction; fees that are no fraction are judged by the venue alone.
fn fraction(fee: VenueFee) -> f64 {
    match fee {
        VenueFee::Percent { rate } | VenueFee::MakerTaker { taker: rate, .. } => {
            number(rate.raw()) / 100.0
        }
        VenueFee::None | VenueFee::PerShare { .. } | VenueFee::PerContract { .. } => 0.0,
    }
}

impl Crossings {
    /// A run that has seen nothing, between these places.
    #[must_use]
    pub fn new(plans: [Plan; 2], parameters: ArbitrageParameters) -> Self {
        let purse = |plan: &Plan| Purse {
            fee: fraction(plan.rules.terms(plan.instrument.class).fee),
            dollars: number(plan.cash.raw()),
            units: number(plan.units.raw()),
        };
        let instrument = plans[0].instrument.id;
        Self {
            venues: Venues::new(&plans),
            model: Arbitrage::new(instrument, [purse(&plans[0]), purse(&plans[1])], parameters),
            instrument,
            trade: None,
            legs: Legs::default(),
            middles: [None; 2],
            plans,
            seen_at: None,
            deferred: Vec::new(),
        }
    }

    /// Takes the events of one instant.
    pub fn on_step(&mut self, at: Timestamp, events: &[MarketEvent]) {
        if self.seen_at.is_some_and(|before| at.since(before) > LOST) {
            self.model.see(&Seen::Lost(at));
        }
        self.seen_at = Some(at);
        events.iter().for_each(|event| self.venues.on_market(event));
        self.settle();
        let deferred = std::mem::take(&mut self.deferred);
        self.send(Some(deferred), at);
        for place in [0u8, 1] {
            let id = self.plans[usize::from(place)].instrument.id;
            let shown = |e: &MarketEvent| {
                e.instrument() == Some(id) && !matches!(e.kind, Kind::Trade { .. })
            };
            if !events.iter().any(shown) {
                continue;
            }
            if let Some(middle) = self.venues.middle(place) {
                let known = &mut self.middles[usize::from(place)];
                *known = Some((known.map_or(middle, |(first, _)| first), middle));
            }
            if let Some(book) = self.venues.book(place, at, DEEP).filter(|b| b.middle().is_some()) {
                let said = self.model.see(&Seen::Book(book));
                self.send(said, at);
            }
        }
        self.settle();
    }

    /// Sends what the model says. What the balances do not bear is a leg of nothing, and the model is told.
    fn send(&mut self, said: Option<Vec<Leg>>, at: Timestamp) {
        let waiting = said.unwrap_or_default();
        if !waiting.is_empty() {
            let is_hedge = self.trade.is_some();
            let trade = self.trade.get_or_insert_default();
            trade.hedged |= is_hedge;
            trade.open += waiting.len() as u32;
            self.legs.hedge_orders += if is_hedge { waiting.len() as u64 } else { 0 };
        }
        for Leg { place, side, qty, limit } in waiting {
            let level = Level { price: limit, qty };
            if self.venues.send(place, (side, Meant::Take), level, at).is_none() {
                let answer = self.tell((place, side), (limit, Qty::ZERO), true, at);
                self.deferred.extend(answer.into_iter().flatten());
            }
        }
    }

    /// Tells the model what was filled, and hears its answer.
    fn tell(
        &mut self,
        (place, side): (u8, Side),
        (price, qty): (Price, Qty),
        is_last: bool,
        at: Timestamp,
    ) -> Option<Vec<Leg>> {
        let instrument = self.instrument;
        let fill = Fill { instrument, place, side, qty, price, is_last, at };
        let said = self.model.see(&Seen::Fill(fill));
        if let Some(trade) = &mut self.trade
            && is_last
        {
            trade.open -= 1;
        }
        said
    }

    fn settle(&mut self) {
        loop {
            let reports = self.venues.reports();
            if reports.is_empty() {
                break;
            }
            for told in reports {
                self.report(&told);
            }
        }
        if self.trade.is_some_and(|trade| trade.open == 0 && trade.residual == 0)
            && let Some(trade) = self.trade.take()
        {
            self.close(trade);
        }
    }

    fn report(&mut self, told: &Told) {
        let at = told.at;
        let (price, qty) = told.fill.map_or((told.limit, Qty::ZERO), |fill| (fill.price, fill.qty));
        if let (Some(_), Some(trade)) = (told.fill, &mut self.trade) {
            let instrument = &self.plans[usize::from(told.place)].instrument;
            let round = if told.side == Side::Buy { Round::Up } else { Round::Down };
            let value = instrument.value(price, qty, round).unwrap_or_default();
            trade.filled = true;
            (trade.flow, trade.residual) = match told.side {
                Side::Buy => (trade.flow.saturating_sub(value), trade.residual + qty.raw()),
                Side::Sell => (trade.flow.saturating_add(value), trade.residual - qty.raw()),
            };
        }
        let said = self.tell((told.place, told.side), (price, qty), told.is_last, at);
        self.send(said, at);
    }

    fn close(&mut self, trade: Trade) {
        let Legs { whole, hedged, missed, earned, hedges, .. } = &mut self.legs;
        let (count, sum) = match trade {
            Trade { filled: false, .. } => (missed, earned),
            Trade { hedged: false, .. } => (whole, earned),
            Trade { .. } => (hedged, hedges),
        };
        *count += 1;
        *sum = sum.saturating_add(trade.flow);
    }

    /// Ends the run; what is held counts at the last middles. None where one of them was never known.
    #[must_use]
    pub fn finish(mut self) -> Option<Outcome> {
        if let Some(trade) = self.trade.take() {
            self.close(trade);
        }
        let [Some(here), Some(there)] = self.middles else {
            return None;
        };
        let accounts = [self.venues.venues.first()?.account, self.venues.venues.get(1)?.account];
        let (mut start, mut end, mut fees) = (Money::ZERO, Money::ZERO, Money::ZERO);
        let mut residual = Qty::ZERO;
        for ((plan, account), (first, last)) in self.plans.iter().zip(&accounts).zip([here, there])
        {
            start = start.saturating_add(plan.cash).saturating_add(worth(plan.units, first));
            end = end.saturating_add(account.cash()).saturating_add(worth(account.units(), last));
            fees = fees.saturating_add(account.fees());
            residual = residual.saturating_add(account.units().saturating_sub(plan.units));
        }
        let traded = self.legs.earned.saturating_add(self.legs.hedges);
        Some(Outcome {
            start,
            end,
            inventory: end.saturating_sub(start).saturating_add(fees).saturating_sub(traded),
            legs: self.legs,
            residual,
            accounts,
            refused: self.venues.refused,
            fills: self.venues.fills,
            dealt: self.venues.dealt,
        })
    }
}
