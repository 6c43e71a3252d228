//! The run by hand, its books on random series, and its fills against those of the exchange itself.

mod manners;

use super::manner::{Charge, Manner, Repeat};
use super::portfolio::Size;
use super::*;
use crate::feeds::{Kind, MarketEvent};
use crate::sim::fee::Fee;
use crate::sim::filling::Filling;
use crate::sim::rules::Terms;
use crate::sim::slippage::Slippage;
use crate::sim::{Exchange, Rules};
use nija_core::words::id::{AccountNo, InstrumentId, OrderId};
use nija_core::words::instrument::{AssetClass, Hours, Instrument, Kind as Nature, VenueName};
use nija_core::words::money::{Pct, Price, Qty};
use nija_core::words::order::{Fill, OrderType, Origin, Outcome as Said, Purpose, Report, Side};
use nija_core::words::order::{Ticket, TimeInForce};
use nija_core::words::time::Span;
use nija_market::teaching::{SmaCross, Windows};
use proptest::prelude::*;

const KEEP: Keep = Keep { trades: 100, candles: 8 };

fn instrument(lot: Qty) -> Instrument {
    Instrument {
        id: InstrumentId(1),
        symbol: "X".to_owned(),
        class: AssetClass::Equity,
        kind: Nature::Share,
        hours: Hours::Always,
        tick: Price::STEP,
        lot,
        stale_after: Span::DAY,
        venue: VenueName::Paper,
    }
}

fn commission(percent: &str) -> Terms {
    let fee = Fee::Percent { rate: percent.parse().unwrap() };
    Terms { fee, ..*Rules::frictionless(0).terms(AssetClass::Equity) }
}

fn plan(terms: Terms, size: Size) -> Plan {
    let (instrument, manner) = (instrument(Qty::whole(1)), Manner::default());
    Plan { instrument, terms, cash: Money::whole(1_000), size, manner }
}

/// Says what it was told to say.
#[derive(Clone, Debug)]
struct Script(std::vec::IntoIter<Option<Stand>>);
impl Rule for Script {
    fn on_candle(&mut self, _: &Candle) -> Option<Stand> {
        self.0.next().flatten()
    }
}

fn candle(day: i32, open: i64, close: i64) -> Candle {
    let (open, close) = (Price::from_raw(open), Price::from_raw(close));
    let at = |day| Timestamp::of_day(day, Span::ZERO);
    Candle {
        instrument: InstrumentId(1),
        open_at: at(day),
        close_at: at(day + 1),
        open,
        high: open.max(close),
        low: open.min(close),
        close,
        volume: 3.0,
    }
}

fn run(plan: Plan, wishes: Vec<Option<Stand>>, candles: &[Candle]) -> Outcome {
    let mut run = Run::new(Script(wishes.into_iter()), plan, KEEP);
    candles.iter().for_each(|candle| run.on_candle(candle));
    run.finish()
}

fn dollars(prices: &[(i32, i32)]) -> Vec<Candle> {
    let raw = |whole: i32| Price::whole(whole).raw();
    (0..).zip(prices).map(|(day, (open, close))| candle(day, raw(*open), raw(*close))).collect()
}

/// 1 % a fill: $1,000 buy 9 at 100 (909); they are sold at 120 (1080, fee 10.80); $1,160.20 owe 11 at 100.
#[test]
fn a_flip_by_hand() {
    let candles = dollars(&[(99, 99), (100, 110), (120, 130), (100, 100), (100, 90)]);
    let wishes = vec![Some(Stand::Long), Some(Stand::Flat), Some(Stand::Short), None, None];
    let read = run(plan(commission("1"), Size::All), wishes, &candles);
    let [trade] = read.record.trades[..] else { panic!("{:?}", read.record.trades) };
    assert_eq!((trade.side, trade.qty, trade.entry), (Side::Buy, Qty::whole(9), Price::whole(100)));
    assert_eq!(trade.exit, Some((candles[2].open_at, Price::whole(120))));
    assert_eq!((trade.fees, trade.profit), ("19.8".parse().unwrap(), "160.2".parse().unwrap()));
    assert_eq!(read.record.open.unwrap().qty, Qty::whole(11));
    assert_eq!(read.portfolio.fees(), "30.8".parse().unwrap());
    // 1160.20 - 11 + 11 x 10
    assert_eq!(read.equity, Some("1259.2".parse().unwrap()));
    assert!(read.portfolio.is_balanced());
    assert_eq!((read.record.closed, read.record.won, read.record.bars_in), (1, 1, 3));
    assert_eq!(read.portfolio.traded(), Money::whole(900 + 1_080 + 1_100));
    assert!(read.record.weekends, "day 2 was a Saturday");
}

#[test]
fn too_little_equity_takes_nothing_and_is_counted() {
    let candles = dollars(&[(2_000, 2_000); 3]);
    let wishes = vec![Some(Stand::Long), Some(Stand::Short), None];
    let read = run(plan(commission("1"), Size::All), wishes, &candles);
    assert_eq!((read.portfolio.refused(), read.equity), (2, Some(Money::whole(1_000))));
    // Ten at 100 need $1,010.
    let candles = dollars(&[(100, 100); 3]);
    let ten = Size::Units(Qty::whole(10));
    let read = run(plan(commission("1"), ten), vec![Some(Stand::Long)], &candles);
    assert_eq!((read.portfolio.refused(), read.portfolio.qty()), (1, Qty::ZERO));
}

#[test]
fn who_owns_nothing_closes_and_never_trades_again() {
    let candles = dollars(&[(100, 100), (100, 250), (250, 250), (250, 100), (100, 100)]);
    let wishes = vec![Some(Stand::Short), None, Some(Stand::Long), Some(Stand::Long), None];
    let read = run(plan(commission("0"), Size::All), wishes, &candles);
    assert_eq!(read.equity, Some(Money::whole(-500)));
    assert_eq!(read.ruined, Some(candles[1].close_at));
    assert_eq!((read.record.closed, read.portfolio.qty()), (1, Qty::ZERO));
}

#[test]
fn a_chart_stays_small_and_keeps_the_extremes() {
    let prices: Vec<(i32, i32)> = (1..=100).map(|n| (n, n + 1)).collect();
    let read = run(plan(commission("0"), Size::All), Vec::new(), &dollars(&prices));
    let candles = read.record.chart.candles();
    assert!(candles.len() <= KEEP.candles, "{}", candles.len());
    assert_eq!((candles[0].open, candles[0].low), (Price::whole(1), Price::whole(1)));
    assert_eq!(candles.last().unwrap().close, Price::whole(101));
    assert_eq!(read.record.days.len(), 100);
}

fn stands() -> impl Strategy<Value = Option<Stand>> {
    prop::sample::select(vec![None, Some(Stand::Long), Some(Stand::Flat), Some(Stand::Short)])
}
fn series() -> impl Strategy<Value = Vec<(Option<Stand>, i64, i64)>> {
    prop::collection::vec(
        (stands(), 1_000_000i64..9_000_000_000, 1_000_000i64..9_000_000_000),
        1..60,
    )
}
fn drawn(series: &[(Option<Stand>, i64, i64)]) -> Vec<Candle> {
    let one =
        |(day, (_, open, close)): (i32, &(Option<Stand>, i64, i64))| candle(day, *open, *close);
    (0..).zip(series).map(one).collect()
}
fn manners() -> impl Strategy<Value = Manner> {
    let moment = prop_oneof![Just(Moment::NextOpen), Just(Moment::SignalClose)];
    let charge = prop_oneof![
        Just(Charge::Exact),
        Just(Charge::Cents),
        (0i64..200_000_000).prop_map(|part| Charge::EntryPrice(Pct::from_raw(part))),
    ];
    let repeat = prop_oneof![Just(Repeat::Keep), Just(Repeat::Reopen)];
    let parts = (moment, charge, repeat);
    parts.prop_map(|(moment, charge, repeat)| Manner { moment, charge, repeat })
}
fn terms() -> impl Strategy<Value = Terms> {
    let fee = prop_oneof![
        Just(Fee::None),
        (0i64..200_000_000).prop_map(|rate| Fee::Percent { rate: Pct::from_raw(rate) }),
        (0i64..5_000_000, 0i64..500_000_000).prop_map(|(rate, minimum)| Fee::PerShare {
            rate: Money::from_raw(rate),
            minimum: Money::from_raw(minimum)
        }),
        (0i64..500_000_000).prop_map(|rate| Fee::PerContract { rate: Money::from_raw(rate) }),
    ];
    let slippage = prop_oneof![
        Just(Slippage::None),
        (0i64..50_000_000).prop_map(|rate| Slippage::BasisPoints { rate: Pct::from_raw(rate) }),
        (0i64..50_000_000)
            .prop_map(|impact| Slippage::VolumeShare { impact: Pct::from_raw(impact) }),
    ];
    (fee, slippage, 0i64..10_000_000).prop_map(|(fee, slippage, half)| Terms {
        fee,
        half_spread: Pct::from_raw(half),
        slippage,
        filling: Filling::Whole,
        minimum_notional: Money::ZERO,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_books_always_balance(
        series in series(),
        terms in terms(),
        manner in manners(),
        lot in 1i64..200_000_000,
    ) {
        let mut plan = Plan { manner, ..plan(terms, Size::All) };
        plan.instrument.lot = Qty::from_raw(lot);
        let wishes = series.iter().map(|(wish, ..)| *wish).collect();
        let candles = drawn(&series);
        let read = run(plan.clone(), wishes, &candles);
        prop_assert!(read.portfolio.is_balanced());
        prop_assert_eq!(read.portfolio.qty().floor_to(plan.instrument.lot), read.portfolio.qty());
        // The equity is the cash, the closed trades and what the open one is worth.
        let closed: i128 = read.record.trades.iter().map(|trade| i128::from(trade.profit.raw())).sum();
        prop_assert_eq!(closed, read.record.gains - read.record.losses);
        if read.record.open.is_none() {
            let end = i128::from(plan.cash.raw()) + closed;
            prop_assert_eq!(i128::from(read.equity.unwrap().raw()), end);
        }
    }

    /// The exchange, given the same orders, fills them at the same prices and fees.
    #[test]
    fn it_fills_as_the_exchange_does(series in series(), terms in terms()) {
        let plan = plan(terms, Size::All);
        let mut exchange = Exchange::new(Rules { equity: terms, ..Rules::frictionless(0) });
        exchange.list(plan.instrument.clone());
        let candles = drawn(&series);
        let mut portfolio = Portfolio::new(plan);
        let (mut number, mut volume, mut wish) = (0, 0.0, None);
        for (candle, (next, ..)) in candles.iter().zip(&series) {
            if let Some(stand) = wish.take() {
                let change = portfolio.stand(stand, candle.open, volume);
                for fill in [change.closed, change.opened].into_iter().flatten() {
                    number += 1;
                    exchange.place(&order(number, fill.side, fill.qty, candle.open_at), candle.open_at);
                    let kind = Kind::BarOpened { instrument: InstrumentId(1), price: candle.open };
                    exchange.on_market(&MarketEvent { at: candle.open_at, kind });
                    let reports = exchange.take_reports(8);
                    // Who has become that rich trades no more with the exchange; research does.
                    let is_rich = |report: &Report| {
                        matches!(&report.outcome, Said::Rejected { why } if why.contains("worth more"))
                    };
                    if reports.iter().any(is_rich) {
                        return Ok(());
                    }
                    let filled = reports.iter().find_map(|report| match &report.outcome {
                        Said::Filled(fill) => Some(*fill),
                        _ => None,
                    });
                    let Some(Fill { qty, price, fee, .. }) = filled else {
                        return Err(TestCaseError::fail(format!("{reports:?}")));
                    };
                    prop_assert_eq!((qty, price, fee), (fill.qty, fill.price, fill.fee));
                }
            }
            exchange.on_market(&MarketEvent { at: candle.close_at, kind: Kind::BarClosed(*candle) });
            (volume, wish) = (candle.volume, *next);
        }
    }

    /// What comes after an instant changes nothing before it.
    #[test]
    fn results_up_to_a_day_know_nothing_later(
        closes in prop::collection::vec(50i64..150, 12..60),
        cut in 8usize..60,
        manner in manners(),
    ) {
        let cut = cut.min(closes.len());
        let unit = Price::whole(1).raw();
        let flat = |(day, close): (i32, &i64)| candle(day, close * unit, close * unit);
        let candles: Vec<Candle> = (0..).zip(&closes).map(flat).collect();
        let study = |candles: &[Candle]| {
            let rule = SmaCross::new(Windows::new(2, 5).unwrap(), false);
            let plan = Plan { manner, ..plan(commission("0.2"), Size::All) };
            let mut run = Run::new(rule, plan, KEEP);
            candles.iter().for_each(|candle| run.on_candle(candle));
            run.finish()
        };
        let (whole, part) = (study(&candles), study(&candles[..cut]));
        prop_assert_eq!(&whole.record.days[..cut], &part.record.days[..]);
        prop_assert!(whole.record.trades.starts_with(&part.record.trades));
    }
}

fn order(number: u64, side: Side, qty: Qty, at: Timestamp) -> Ticket {
    Ticket {
        id: OrderId(number),
        account: AccountNo(0),
        instrument: InstrumentId(1),
        side,
        qty,
        order_type: OrderType::Market,
        tif: TimeInForce::Day,
        purpose: Purpose::Exit,
        origin: Origin::User,
        venue: VenueName::Paper,
        at,
        reserved: Money::ZERO,
        protect: None,
        pair: None,
        swap: None,
    }
}
