//! The paper venue against the conformance suite, on each kind of market event and under each kind of terms;
//! and the suite against venues that break the law, to show that it sees them.

#![allow(clippy::unwrap_used)]

use nija_core::commit::Release;
use nija_core::desk::held::Act;
use nija_core::ports::{Abilities, Clock, Doing, Found, Venue, VenueError};
use nija_core::words::id::{FillId, InstrumentId, OrderId};
use nija_core::words::instrument::{AssetClass, Hours, Instrument, Kind, VenueName};
use nija_core::words::money::{Price, Qty};
use nija_core::words::order::{Outcome, Purpose, Report, Side};
use nija_core::words::time::{Span, Timestamp};
use nija_engine::clock::Simulated;
use nija_engine::feeds::{self, MarketEvent};
use nija_engine::sim::latency::Latency;
use nija_engine::sim::{Exchange, Paper, Rules};
use nija_market::candle::Candle;
use nija_venues::conformance::{self, CASES, Fault, Ground};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const COIN: InstrumentId = InstrumentId(1);
const CONTRACT: InstrumentId = InstrumentId(2);
const NOON: Timestamp = Timestamp(1_718_193_600_000_000);

/// How the market tells its prices.
#[derive(Clone, Copy, Debug)]
enum Told {
    Quotes,
    Trades,
    Bars,
}

/// Where a venue breaks the law on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sin {
    None,
    /// Forgets what it was sent.
    Amnesia,
    /// Tells every fill twice, under two ids.
    DoubleFills,
    /// Keeps its refusals to itself.
    Silence,
    /// Takes any cancel for good.
    AnyCancel,
    /// Never takes an order back.
    NoCancel,
    /// Hands reports over newest first.
    Backwards,
    /// Lets nothing be sold that was not bought.
    NoShort,
}

/// The paper venue with its market, and a sin between them and the suite.
struct Street {
    paper: Arc<Paper>,
    clock: Arc<Simulated>,
    told: Told,
    sin: Sin,
    /// Orders that were refused, where that is kept silent.
    refused: Mutex<BTreeSet<OrderId>>,
}

fn coin() -> Instrument {
    Instrument {
        id: COIN,
        symbol: "COIN-USD".to_owned(),
        class: AssetClass::Crypto,
        kind: Kind::Spot,
        hours: Hours::Always,
        tick: "0.01".parse().unwrap(),
        lot: "0.0001".parse().unwrap(),
        stale_after: Span::seconds(3_600),
        venue: VenueName::Paper,
    }
}

fn contract() -> Instrument {
    let expiry = NOON.plus(Span(90 * Span::DAY.0));
    Instrument {
        id: CONTRACT,
        symbol: "COINU4".to_owned(),
        class: AssetClass::Derivatives,
        kind: Kind::Future { multiplier: 5, expiry, maintenance: None },
        lot: "1".parse().unwrap(),
        ..coin()
    }
}

fn street(rules: Rules, told: Told, sin: Sin) -> Street {
    let clock = Arc::new(Simulated::default());
    clock.advance(NOON);
    let paper = Paper::new(Exchange::new(rules), Arc::clone(&clock) as Arc<dyn Clock>);
    paper.list(coin());
    paper.list(contract());
    let paper = Arc::new(paper);
    Street { paper, clock, told, sin, refused: Mutex::default() }
}

impl Street {
    fn events(&self, instrument: InstrumentId, price: Price) -> Vec<MarketEvent> {
        let begun = self.clock.now().plus(Span::seconds(1));
        let ended = begun.plus(Span::seconds(60));
        let qty = Qty::whole(1_000_000);
        let (bid, ask) = (price, price.saturating_add(coin().tick));
        let of = |at, kind| MarketEvent { at, kind };
        match self.told {
            Told::Quotes => {
                let quote = feeds::Kind::Quote { instrument, bid, ask, bid_qty: qty, ask_qty: qty };
                vec![of(begun, quote)]
            }
            Told::Trades => {
                vec![of(begun, feeds::Kind::Trade { instrument, price, qty, taker: None })]
            }
            Told::Bars => {
                let candle = Candle {
                    instrument,
                    open_at: begun,
                    close_at: ended,
                    open: price,
                    high: price,
                    low: price,
                    close: price,
                    volume: 1_000_000.0,
                };
                let open = feeds::Kind::BarOpened { instrument, price };
                vec![of(begun, open), of(ended, feeds::Kind::BarClosed(candle))]
            }
        }
    }

    /// What the sin makes of true reports.
    fn bent(&self, mut reports: Vec<Report>) -> Vec<Report> {
        match self.sin {
            Sin::Backwards => reports.reverse(),
            Sin::Silence => {
                let mut refused = self.refused.lock().unwrap();
                reports.retain(|report| {
                    let no = matches!(report.outcome, Outcome::Rejected { .. });
                    if no {
                        refused.insert(report.order);
                    }
                    !no
                });
            }
            Sin::DoubleFills => {
                let again = reports.clone().into_iter().filter_map(|mut report| {
                    let Outcome::Filled(fill) = &mut report.outcome else {
                        return None;
                    };
                    fill.id = FillId(fill.id.0 + 1_000);
                    Some(report)
                });
                reports.extend(again.collect::<Vec<_>>());
            }
            _ => {}
        }
        reports
    }
}

impl Venue for Street {
    fn name(&self) -> VenueName {
        self.paper.name()
    }
    fn abilities(&self) -> Abilities {
        self.paper.abilities()
    }
    fn submit<'a>(&'a self, release: &'a Release) -> Doing<'a, Result<(), VenueError>> {
        match (self.sin, release.act()) {
            (Sin::AnyCancel, Act::Cancel { .. }) => Box::pin(async move {
                // The true answer is what this venue hides.
                let _ = self.paper.submit(release).await;
                Ok(())
            }),
            (Sin::NoCancel, Act::Cancel { .. }) => Box::pin(async { Ok(()) }),
            (Sin::NoShort, Act::Place(approved))
                if approved.ticket().side == Side::Sell
                    && approved.ticket().purpose == Purpose::Entry =>
            {
                Box::pin(async { Err(VenueError::Rejected("it was not bought".to_owned())) })
            }
            _ => self.paper.submit(release),
        }
    }
    fn find(&self, order: OrderId) -> Doing<'_, Result<Found, VenueError>> {
        match self.sin {
            Sin::Amnesia => Box::pin(async { Ok(Found::Never) }),
            _ => self.paper.find(order),
        }
    }
    fn reports(&self) -> Doing<'_, Option<Vec<Report>>> {
        Box::pin(async move { Some(self.bent(self.paper.reports().await?)) })
    }
}

impl Ground for Street {
    fn venue(&self) -> &dyn Venue {
        self
    }
    fn instrument(&self) -> Instrument {
        coin()
    }
    fn contract(&self) -> Option<Instrument> {
        Some(contract())
    }
    fn price(&self, instrument: InstrumentId, price: Price) -> Doing<'_, ()> {
        for event in self.events(instrument, price) {
            self.clock.advance(event.at);
            self.paper.on_market(&event);
        }
        Box::pin(async {})
    }
    fn patience(&self) -> Duration {
        // Everything here happens at once; a venue that is right never waits for the end of this.
        Duration::from_millis(if self.sin == Sin::None { 5_000 } else { 50 })
    }
    fn quiet(&self) -> Duration {
        Duration::from_millis(1)
    }
}

#[tokio::test]
async fn the_paper_venue_keeps_every_law() {
    let slow = Latency::Fixed { span: Span::millis(300) };
    let every =
        [Rules::frictionless(1), Rules::default(), Rules { latency: slow, ..Rules::default() }];
    for rules in every {
        for told in [Told::Quotes, Told::Trades, Told::Bars] {
            let outcomes = conformance::run(&street(rules, told, Sin::None)).await.unwrap();
            assert_eq!(outcomes.len(), CASES.len());
            for outcome in outcomes {
                assert_eq!(
                    outcome.verdict,
                    Ok(()),
                    "{} {} on {told:?}",
                    outcome.number,
                    outcome.law
                );
            }
        }
    }
}

#[tokio::test]
async fn a_venue_that_breaks_a_law_is_caught_by_its_number() {
    for (sin, number) in [
        (Sin::Amnesia, "V-11"),
        (Sin::DoubleFills, "V-20"),
        (Sin::Silence, "V-13"),
        (Sin::AnyCancel, "V-09"),
        (Sin::NoCancel, "V-06"),
        (Sin::Backwards, "V-21"),
        (Sin::NoShort, "V-23"),
    ] {
        let outcomes =
            conformance::run(&street(Rules::frictionless(1), Told::Quotes, sin)).await.unwrap();
        let caught = outcomes.iter().find(|outcome| outcome.number == number).unwrap();
        assert!(matches!(caught.verdict, Err(Fault::Venue(_))), "{sin:?}: {caught:?}");
    }
}

#[tokio::test]
async fn a_ground_that_nothing_can_be_told_on_is_refused() {
    struct Fine(Street);
    impl Ground for Fine {
        fn venue(&self) -> &dyn Venue {
            &self.0
        }
        fn instrument(&self) -> Instrument {
            Instrument { tick: Price::from_raw(1), ..coin() }
        }
        fn price(&self, instrument: InstrumentId, price: Price) -> Doing<'_, ()> {
            self.0.price(instrument, price)
        }
    }
    let fine = Fine(street(Rules::frictionless(1), Told::Quotes, Sin::None));
    assert!(matches!(conformance::run(&fine).await, Err(Fault::Suite(_))));
    assert!(conformance::hold(&fine).await.is_err());
}

#[test]
fn numbers_are_dense_and_laws_are_told_once() {
    let numbers: Vec<String> = (1..=CASES.len()).map(|n| format!("V-{n:02}")).collect();
    assert!(CASES.iter().map(|(number, _)| *number).eq(numbers.iter().map(String::as_str)));
    let laws: BTreeSet<_> = CASES.iter().map(|(_, law)| law).collect();
    assert_eq!(laws.len(), CASES.len());
}
