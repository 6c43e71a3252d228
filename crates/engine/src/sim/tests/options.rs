//! Options: traded at the bid and the ask of their quotes, until they expire.

use super::{at, p, q, ticket, usd};
use crate::feeds::{Kind, MarketEvent};
use crate::sim::{Exchange, Rules};
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::Right;
use nija_core::words::order::{Fill, OrderType, Outcome, Side, Ticket};
use nija_core::words::time::{Span, Timestamp};
use nija_market::chain::{Root, Terms};

fn terms() -> Terms {
    Terms {
        id: InstrumentId(0x1000_0000),
        root: Root::of("NVDA").unwrap(),
        underlying: InstrumentId(9),
        right: Right::Call,
        strike: p("100"),
        multiplier: 100,
        expiry: at("2026-02-13T21:00:00Z"),
    }
}

/// An exchange with one contract, and the instant up to which it was told.
struct Street(Exchange, Timestamp);

impl Street {
    fn event(&mut self, kind: Kind) {
        self.1 = self.1.plus(Span(1));
        self.0.on_market(&MarketEvent { at: self.1, kind });
    }
    fn quote(&mut self, bid: &str, bid_qty: &str) {
        let instrument = terms().id;
        let (bid, ask, bid_qty, ask_qty) = (p(bid), p("1.3"), q(bid_qty), q("10"));
        self.event(Kind::Quote { instrument, bid, ask, bid_qty, ask_qty });
    }
    fn place(&mut self, number: u64, side: Side) {
        let ticket = ticket(number, side, "3", OrderType::Market);
        self.0.place(&Ticket { instrument: terms().id, ..ticket }, self.1);
    }
    fn fills(&mut self) -> Vec<Fill> {
        let reports = self.0.take_reports(10).into_iter();
        let fill = |outcome| match outcome {
            Outcome::Filled(fill) => Some(fill),
            _ => None,
        };
        reports.filter_map(|report| fill(report.outcome)).collect()
    }
}

#[test]
fn contracts_trade_at_the_bid_and_the_ask_and_end_with_their_session() {
    let mut street = Street(Exchange::new(Rules::default()), at("2026-02-13T20:00:00Z"));
    street.event(Kind::Listed(terms()));
    street.quote("1.1", "10");
    street.place(1, Side::Buy);
    assert_eq!(street.fills(), [], "at the next quotes, and not at those that were there");
    street.quote("1.1", "10");
    let bought = street.fills();
    assert_eq!(bought.len(), 1);
    assert_eq!((bought[0].price, bought[0].fee), (p("1.3"), usd("1.95")));
    street.place(2, Side::Sell);
    street.quote("0", "0");
    assert_eq!(street.fills(), [], "nobody bids");
    street.quote("1.1", "10");
    assert_eq!(street.fills().first().map(|fill| fill.price), Some(p("1.1")));
    // What is open at the end is taken back, and nothing can be ordered any more.
    street.place(3, Side::Buy);
    street.0.advance(terms().expiry.plus(Span(1)));
    let last = street.0.take_reports(10).pop().unwrap();
    assert_eq!(last.outcome, Outcome::Cancelled { why: "the contract has expired" });
    street.1 = terms().expiry;
    street.place(4, Side::Buy);
    let refused = street.0.take_reports(10).pop().unwrap();
    let why = "NVDA260213C00100000 has expired".to_owned();
    assert_eq!(refused.outcome, Outcome::Rejected { why });
    // Its book goes when another contract comes.
    street.event(Kind::Listed(Terms { id: InstrumentId(0x1000_0001), ..terms() }));
    street.place(5, Side::Buy);
    let unknown = street.0.take_reports(10).pop().unwrap();
    assert!(matches!(unknown.outcome, Outcome::Rejected { why } if why.starts_with("no such")));
}

#[test]
fn a_contract_that_is_listed_anew_has_its_new_terms_at_once() {
    let mut street = Street(Exchange::new(Rules::default()), at("2026-02-13T20:00:00Z"));
    street.event(Kind::Listed(terms()));
    // Its book is quiet: nobody has an order there.
    street.event(Kind::Listed(Terms { expiry: at("2026-02-20T21:00:00Z"), ..terms() }));
    street.1 = at("2026-02-17T15:00:00Z");
    street.quote("1.1", "10");
    street.place(1, Side::Buy);
    street.quote("1.1", "10");
    assert_eq!(street.fills().first().map(|fill| fill.price), Some(p("1.3")));
}
