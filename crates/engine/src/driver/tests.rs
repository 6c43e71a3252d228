//! What the driver does while nothing comes.

use super::*;
use crate::latency::Latencies;
use crate::node::tests::{COIN, Disk, NOON, Silent, coin};
use crate::node::{self, Parts};
use crate::partitions::Partitions;
use crate::sim::{Exchange, Rules as Terms};
use nija_core::billing::plans::{DEFAULT_PLANS, Plans};
use nija_core::desk::Rules;
use nija_core::ports::Found;
use nija_core::words::id::{AccountNo, OrderId};
use nija_core::words::instrument::VenueName;
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::{OrderType, Origin, Outcome, Purpose, Side, Ticket, TimeInForce};
use nija_core::words::tier::{DEFAULT_TABLE, TierTable};
use nija_core::words::time::Span;
use nija_market::analyst::{Analyst, Setup};

const ORDER: OrderId = OrderId(7);

/// Good until the end of the day.
fn day_order() -> Ticket {
    Ticket {
        id: ORDER,
        account: AccountNo(0),
        instrument: COIN,
        venue: VenueName::Paper,
        side: Side::Buy,
        qty: Qty::whole(1),
        order_type: OrderType::Limit { limit: Price::whole(50) },
        tif: TimeInForce::Day,
        purpose: Purpose::Entry,
        origin: Origin::User,
        reserved: Money::ZERO,
        at: NOON,
        protect: None,
        pair: None,
        swap: None,
    }
}

#[tokio::test]
async fn orders_grow_old_while_no_event_comes() {
    let clock = Arc::new(Simulated::default());
    clock.advance(NOON);
    let mut exchange = Exchange::new(Terms::frictionless(1));
    exchange.list(coin());
    let venue = Arc::new(Paper::new(exchange, clock.clone()));
    venue.restore(&day_order(), Qty::ZERO, 0);

    let tiers = TierTable::parse(DEFAULT_TABLE).unwrap();

    let plans = Plans::parse(DEFAULT_PLANS).unwrap();
    let rules = Arc::new(Rules::new(tiers, plans, Money::whole(10)));
    let parts = Parts {
        partitions: Partitions::new(1, &rules),
        journal: Arc::new(Disk::default()),
        clock: clock.clone(),
        bus: Arc::new(Silent),
        parcels: Arc::default(),
        release: Box::new(|_| Vec::new()),
    };
    let (handle, _ended) = node::start(parts).unwrap();
    let latencies = Arc::new(Latencies::new().unwrap());
    let gateway = Arc::new(Gateway::new(venue.clone(), clock.clone(), latencies));
    let setup = include_str!("../../../nija/data/analyst.toml");
    let trader = Trader::new(Analyst::new(&toml::from_str::<Setup>(setup).unwrap()));
    let rooms = Rooms { handle, gateway, venue: venue.clone(), parcels: Arc::default() };
    let mut driver = Driver::new(rooms, trader, Pace::Real(clock.clone()));
    let (stop, mut stopped) = watch::channel(false);
    let idle = tokio::spawn(async move { driver.idle(&mut stopped).await });

    clock.advance(NOON.plus(Span::DAY));
    let ended = async {
        loop {
            let Ok(Found::Known(story)) = venue.find(ORDER).await else { panic!("unknown") };
            let last = story.last().map(|report| report.outcome.clone());
            if let Some(Outcome::Cancelled { why }) = last {
                return why;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let why = tokio::time::timeout(Duration::from_secs(30), ended).await.unwrap();
    assert_eq!(why, "its session has ended");
    stop.send(true).unwrap();
    idle.await.unwrap().unwrap();
}
