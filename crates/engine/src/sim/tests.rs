//! Tests of the exchange on hand-made bars: one bench, on which every file sets up its cases.

mod costs;
mod fills;
mod laws;
mod life;
mod options;
mod orders;
mod queue;
mod venue;

use super::rules::Terms;
use super::{Exchange, Rules};
use crate::feeds::{Kind, MarketEvent, instant};
use nija_core::words::id::{AccountNo, InstrumentId, OrderId, PartitionId};
use nija_core::words::instrument::{AssetClass, Hours, Instrument, Kind as Nature, VenueName};
use nija_core::words::money::{Money, Pct, Price, Qty};
use nija_core::words::order::{
    Fill, OrderType, Origin, Outcome, Purpose, Report, Side, Ticket, TimeInForce,
};
use nija_core::words::time::{Span, Timestamp};
use nija_market::candle::Candle;

pub(super) const COIN: InstrumentId = InstrumentId(1);
pub(super) const SHARE: InstrumentId = InstrumentId(2);
pub(super) const INDEX: InstrumentId = InstrumentId(3);
pub(super) const FUTURE: InstrumentId = InstrumentId(4);
pub(super) const HOUR: Span = Span::seconds(3_600);

pub(super) fn at(text: &str) -> Timestamp {
    instant::read(text.as_bytes()).unwrap()
}
pub(super) fn p(text: &str) -> Price {
    text.parse().unwrap()
}
pub(super) fn q(text: &str) -> Qty {
    text.parse().unwrap()
}
pub(super) fn usd(text: &str) -> Money {
    text.parse().unwrap()
}
pub(super) fn pct(text: &str) -> Pct {
    text.parse().unwrap()
}

/// Noon of the first bar.
pub(super) fn noon() -> Timestamp {
    at("2020-03-02T12:00:00Z")
}

pub(super) fn instrument(id: InstrumentId) -> Instrument {
    let (symbol, class, kind, hours) = match id {
        COIN => ("BTC-USD", AssetClass::Crypto, Nature::Spot, Hours::Always),
        SHARE => ("AAPL", AssetClass::Equity, Nature::Share, Hours::Nyse),
        INDEX => ("VIX", AssetClass::Equity, Nature::Index, Hours::Nyse),
        _ => {
            let expiry = at("2020-03-20T13:30:00Z");
            let kind = Nature::Future { multiplier: 50, expiry, maintenance: None };
            ("ESH0", AssetClass::Derivatives, kind, Hours::Always)
        }
    };
    let (tick, lot) = if id == COIN { (p("0.01"), q("0.00001")) } else { (p("0.01"), q("1")) };
    let symbol = symbol.to_owned();
    let (stale_after, venue) = (HOUR, VenueName::Paper);
    Instrument { id, symbol, class, kind, hours, tick, lot, stale_after, venue }
}

pub(super) fn ticket(number: u64, side: Side, qty: &str, order_type: OrderType) -> Ticket {
    Ticket {
        id: OrderId::new(PartitionId(1), number),
        account: AccountNo(7),
        instrument: COIN,
        side,
        qty: q(qty),
        order_type,
        tif: TimeInForce::Gtc,
        origin: Origin::User,
        purpose: Purpose::Entry,
        reserved: Money::ZERO,
        protect: None,
        pair: None,
        swap: None,
        at: noon(),
        venue: VenueName::Paper,
    }
}
pub(super) fn limit(price: &str) -> OrderType {
    OrderType::Limit { limit: p(price) }
}
pub(super) fn stop(price: &str) -> OrderType {
    OrderType::Stop { stop: p(price) }
}

/// An exchange under test, with every instrument listed.
pub(super) struct Bench {
    pub(super) exchange: Exchange,
    pub(super) now: Timestamp,
}

impl Bench {
    pub(super) fn with(rules: Rules) -> Self {
        let mut exchange = Exchange::new(rules);
        for id in [COIN, SHARE, INDEX, FUTURE] {
            exchange.list(instrument(id));
        }
        Self { exchange, now: noon() }
    }
    /// Without any costs, after a first price of 100.
    pub(super) fn plain() -> Self {
        let mut bench = Self::with(Rules::frictionless(1));
        bench.hour(["100", "100", "100", "100"]);
        bench
    }
    /// As `plain`, with other terms for every class.
    pub(super) fn on(change: impl Fn(&mut Terms)) -> Self {
        let mut rules = Rules::frictionless(1);
        let Rules { crypto, equity, derivatives, options, .. } = &mut rules;
        for terms in [crypto, equity, derivatives, options] {
            change(terms);
        }
        let mut bench = Self::with(rules);
        bench.hour(["100", "100", "100", "100"]);
        bench
    }
    pub(super) fn place(&mut self, ticket: &Ticket) {
        self.exchange.place(ticket, self.now);
    }
    pub(super) fn event(&mut self, kind: Kind) {
        self.exchange.on_market(&MarketEvent { at: self.now, kind });
    }
    pub(super) fn open(&mut self, price: &str) {
        self.event(Kind::BarOpened { instrument: COIN, price: p(price) });
    }
    /// Ends an hour that began at `now`, and moves there.
    pub(super) fn end(&mut self, prices: [&str; 4]) {
        self.end_with(prices, 1_000.0);
    }
    pub(super) fn end_with(&mut self, [open, high, low, close]: [&str; 4], volume: f64) {
        let open_at = self.now;
        self.now = open_at.plus(HOUR);
        self.event(Kind::BarClosed(Candle {
            instrument: COIN,
            open_at,
            close_at: self.now,
            open: p(open),
            high: p(high),
            low: p(low),
            close: p(close),
            volume,
        }));
    }
    /// A whole hour: its open and its end.
    pub(super) fn hour(&mut self, prices: [&str; 4]) {
        self.open(prices[0]);
        self.end(prices);
    }
    pub(super) fn quote(&mut self, bid: &str, ask: &str, qty: &str) {
        let (bid, ask, bid_qty, ask_qty) = (p(bid), p(ask), q(qty), q(qty));
        self.event(Kind::Quote { instrument: COIN, bid, ask, bid_qty, ask_qty });
    }
    pub(super) fn trade(&mut self, price: &str, qty: &str) {
        self.event(Kind::Trade { instrument: COIN, price: p(price), qty: q(qty), taker: None });
    }
    pub(super) fn reports(&mut self) -> Vec<Report> {
        self.exchange.take_reports(usize::MAX)
    }
    /// The fills since the last look.
    pub(super) fn fills(&mut self) -> Vec<Fill> {
        let reports = self.reports().into_iter();
        reports
            .filter_map(|r| if let Outcome::Filled(fill) = r.outcome { Some(fill) } else { None })
            .collect()
    }
    /// Quantities and prices of the fills since the last look, in one text.
    pub(super) fn traded(&mut self) -> String {
        let fills = self.fills();
        let texts: Vec<_> = fills.iter().map(|f| format!("{}@{}", f.qty, f.price)).collect();
        texts.join(" ")
    }
    /// Words for everything since the last look.
    pub(super) fn told(&mut self) -> Vec<String> {
        let word = |r: Report| match r.outcome {
            Outcome::Acknowledged => "acknowledged".to_owned(),
            Outcome::Filled(fill) => format!("{}@{}", fill.qty, fill.price),
            Outcome::Cancelled { why } => format!("cancelled: {why}"),
            Outcome::Rejected { why } => format!("rejected: {why}"),
            Outcome::Lapsed { why } => format!("lapsed: {why}"),
        };
        self.reports().into_iter().map(word).collect()
    }
}
